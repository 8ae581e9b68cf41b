package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// record is what the shop could do when it was last recorded.
type record struct {
	// Mix is the ratio of the mix to the memory floor.
	Mix float64 `json:"mix_to_memory_floor"`
	// At and Machine say when and where it was measured.
	At      string `json:"at"`
	Machine string `json:"machine"`
}

// leastOfRecord is the part of what was recorded that is still good. Measured briefly beside other work, the ratio differs by a tenth.
const leastOfRecord = 0.7

// Check fails when the mix has become much dearer than the file at path says, or the hot SKU was oversold.
func (r *Report) Check(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var last record
	if err := json.Unmarshal(content, &last); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return r.check(last)
}

func (r *Report) check(last record) error {
	if r.Oversold > 0 {
		return fmt.Errorf("%d pieces of the hot SKU were oversold", r.Oversold)
	}
	row := r.row(mix)
	if row == nil || last.Mix <= 0 {
		return errors.New("there is nothing to compare: the mix was not measured, or not recorded")
	}
	if least := leastOfRecord * last.Mix; row.ToFloor < least {
		return fmt.Errorf("the mix is %.4f of the memory floor, and should be %.4f: %.1f of the %.4f that were recorded", row.ToFloor, least, leastOfRecord, last.Mix)
	}
	return nil
}
