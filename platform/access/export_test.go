package access

import "crypto/ed25519"

// Cached returns a key as it is known now, without asking.
func (r *RemoteKeys) Cached(id string) (ed25519.PublicKey, bool) {
	key, _, _ := r.known(id)
	return key, key != nil
}
