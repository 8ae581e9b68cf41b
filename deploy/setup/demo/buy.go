package demo

import "fmt"

// BuyCommand returns a shell command that buys a mug with only curl and sed: it logs in, puts the mug into the cart, and orders
// it.
func BuyCommand(shop Shop) string {
	return fmt.Sprintf(`S=%s; J='Content-Type: application/json'; `+
		`T=$(curl -s $S/v1/sessions -H "$J" -d '{"email":"%s","password":"%s"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/'); `+
		`A="Authorization: Bearer $T"; `+
		`C=$(curl -s -X POST $S/v1/carts -H "$A" | sed 's/.*"id":"\([^"]*\)".*/\1/'); `+
		`curl -s -o /dev/null -X PUT $S/v1/carts/$C/items/MUG-SOUK -H "$A" -H "$J" -d '{"quantity":1}'; `+
		`curl -si $S/v1/orders -H "$A" -H "$J" -H "Idempotency-Key: $(date +%%s)-$$" -d '{"cart_id":"'$C'",`+
		`"shipping_address":{"name":"Sam Shopper","line1":"1 Market Street","city":"Leeds","postal_code":"LS1 6DT","country":"GB"},`+
		`"shipping_option":"royal-standard","payment_method":"pm_card_visa"}'`,
		shop.URL, shop.CustomerEmail, shop.CustomerPassword)
}
