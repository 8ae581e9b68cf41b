package customers

import (
	"context"
	"slices"
	"strings"
	"unicode"
)

// mostDevice is the length of the longest Device in characters.
const mostDevice = 200

// deviceOf returns the User-Agent of a client (RFC 9110, 10.1.5) as its owner is shown it: on one line, without characters that cannot be
// seen or that change the direction of the text, and not too long.
func deviceOf(userAgent string) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, userAgent)
	line := []rune(strings.Join(strings.Fields(visible), " "))
	return strings.TrimSpace(string(line[:min(len(line), mostDevice)]))
}

// sign is a part of a User-Agent that tells what a client is. Of several that match, the first counts, because most browsers also claim to be
// others.
type sign struct{ part, name string }

var (
	programs = []sign{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = []sign{
		{"iPhone", "iOS"}, {"iPad", "iOS"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	}
)

// kindOf returns the kind of a device, such as "Firefox on Linux". There are few kinds, and versions do not matter, so that an update is no
// new device. It has no text that somebody typed.
func kindOf(device string) string {
	return first(programs, device, "an unknown program") + " on " + first(systems, device, "an unknown system")
}

func first(signs []sign, device, otherwise string) string {
	for _, s := range signs {
		if strings.Contains(device, s.part) {
			return s.name
		}
	}
	return otherwise
}

// noteDevice has the owner told of a session from a kind of device that has not signed in to the account before, unless it is the first one
// of all. The mail is added before the device is remembered: after a crash in between, there are two mails rather than none.
func (s *Service) noteDevice(ctx context.Context, customer Customer, sessionID, device string) error {
	kind, known := kindOf(device), customer.Mailbox.Devices
	if slices.Contains(known, kind) {
		return nil
	}
	if len(known) > 0 {
		notice := newMail(NewDevice, sessionID)
		notice.CustomerID, notice.Device = customer.ID, kind
		if err := s.store.AddMail(ctx, notice); err != nil {
			return err
		}
	}
	return s.store.AddDevice(ctx, customer, kind)
}
