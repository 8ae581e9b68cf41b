package customers_test

import (
	"slices"
	"testing"

	"souk/testkit/inbox"
)

func TestPersonalDataIsWhatTheAccountHasBesides(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	data, err := o.PersonalData(t.Context(), ada.ID)
	if err != nil || data.Mailbox.NextAddress != "" || len(data.Mailbox.Devices) != 0 || !data.SecondFactorSince.IsZero() || data.RecoveryCodesLeft != 0 {
		t.Errorf("of a new account: %+v, %v", data, err)
	}
	signInFrom(t, o.Service, oldHome, firefox)
	if err := o.RequestEmailChange(t.Context(), ada.ID, newHome, password); err != nil {
		t.Fatal(err)
	}
	secret, _, err := o.StartSecondFactor(t.Context(), ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := o.PersonalData(t.Context(), ada.ID); err != nil || !data.SecondFactorSince.IsZero() {
		t.Errorf("before the second factor is confirmed: %+v, %v", data, err)
	}
	if _, err := o.ConfirmSecondFactor(t.Context(), ada.ID, codeOf(t, secret, 0)); err != nil {
		t.Fatal(err)
	}
	data, err = o.PersonalData(t.Context(), ada.ID)
	if err != nil || data.Mailbox.NextAddress != newHome || !slices.Equal(data.Mailbox.Devices, []string{"Firefox on Linux"}) ||
		data.SecondFactorSince.IsZero() || data.RecoveryCodesLeft != 10 {
		t.Errorf("%+v, %v", data, err)
	}
}
