package catalog

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"souk/platform/money"
)

var (
	errNotNumber = errors.New("is not a number that fits")
	// errAmbiguous is returned for 1,234, which is 1.234 in some countries and 1234 in others.
	errAmbiguous = errors.New("may mean a number or one thousand times that: write it with two decimals, or without a separator")
)

var (
	// pointed is a number as computers write it.
	pointed = regexp.MustCompile(`^-?(\d+\.?\d*|\.\d+)$`)
	// separated is a number with one comma or point.
	separated = regexp.MustCompile(`^-?(\d+)[.,](\d+)$`)
	// grouped is a number with groups of three digits, and perhaps decimals after another separator.
	grouped = regexp.MustCompile(`^(-?\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3})+|(?:'\d{3})+|(?: \d{3})+))(?:([.,])(\d+))?$`)
	// separators are what stands between groups.
	separators = strings.NewReplacer(",", "", ".", "", "'", "", " ", "")
)

// plainDecimal returns a number in a file as computers write it. It reads decimal commas and groups of three digits: "1.234,50" is
// 1234.50. It returns errAmbiguous for "1,234", because the comma may be either.
func plainDecimal(text string) (string, error) {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '’':
			return '\''
		}
		return r
	}, strings.TrimSpace(text))
	if pointed.MatchString(text) {
		return text, nil
	}
	if parts := separated.FindStringSubmatch(text); parts != nil {
		if ambiguous(parts[1], parts[2]) {
			return "", errAmbiguous
		}
		return strings.Replace(text, ",", ".", 1), nil
	}
	parts := grouped.FindStringSubmatch(text)
	if parts == nil || parts[2] != "" && strings.Contains(parts[1], parts[2]) {
		return "", errNotNumber
	}
	whole := separators.Replace(parts[1])
	if parts[3] == "" {
		return whole, nil
	}
	return whole + "." + parts[3], nil
}

// ambiguous reports whether the separator between two parts of a number may stand between groups.
func ambiguous(whole, rest string) bool {
	return len(rest) == 3 && len(whole) <= 3 && !strings.HasPrefix(whole, "0")
}

// price parses an amount of the currency.
func price(text, currency string) (int64, error) {
	plain, err := plainDecimal(text)
	if err != nil {
		return 0, err
	}
	// A point may stand between groups as well, unless the currency has three decimals.
	parts := separated.FindStringSubmatch(text)
	if digits, err := money.Exponent(currency); err == nil && digits < 3 && parts != nil && ambiguous(parts[1], parts[2]) {
		return 0, errAmbiguous
	}
	amount, err := money.Parse(plain, currency)
	return amount.Amount, err
}

// number parses a decimal that a float64 represents exactly enough: "250", "250.0", "-3".
func number(text string) (float64, error) {
	plain, err := plainDecimal(text)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.Abs(n) > 1e15 {
		return 0, errNotNumber
	}
	return n, nil
}

// pieces parses a whole number.
func pieces(text string) (int64, error) {
	n, err := number(text)
	if err == nil && n != math.Trunc(n) {
		err = errNotNumber
	}
	return int64(n), err
}
