package access_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
	"souk/e2e/testshop"
)

type ids = map[string]identifier

// The kinds of things that ids name.
var (
	ownAddress   = identifier{"address", address, owned}
	ownSession   = identifier{"session", session, owned}
	ownIdentity  = identifier{"identity", identity, owned}
	ownCart      = identifier{"cart", cart, owned}
	ownOrder     = identifier{"order", order, owned}
	ownDelivered = identifier{"delivered order", delivered, owned}
	ownReturned  = identifier{"returned order", returnedOrder, owned}
	ownReturn    = identifier{"return of the returned order", returnOfOrder, owned}
	anOrder      = identifier{"order", order, public}
	aDispatched  = identifier{"dispatched order", dispatched, public}
	aReturn      = identifier{"return", requestedReturn, public}
	aProduct     = identifier{"product", product, public}
	aWithdrawn   = identifier{"withdrawn product", withdrawnProduct, public}
	aSKU         = identifier{"sku", sku, public}
	aNewSKU      = identifier{"new sku", newSKU, public}
	anySKU       = identifier{"sku", sku, anything}
	anyCustomer  = identifier{"customer", func(_ *people, a *account) string { return a.id }, anything}
	aClient      = identifier{"client", partner, public}
	anEmployee   = identifier{"employee", employee, public}
	anOpenID     = identifier{"OpenID provider", func(*people, *account) string { return "example" }, public}
	aProvider    = identifier{"provider", func(*people, *account) string { return "simulator" }, public}
)

// operations is every operation of openapi.yaml, by operationId.
var operations = map[string]operation{
	// The gateway itself.
	"getHealth":       {},
	"getReadiness":    {},
	"getDependencies": {},

	// Accounts.
	"getJwks":          {rpc: "KeysService/ListKeys"},
	"registerCustomer": {rpc: "CustomersService/Register", body: registration},
	"createSession":    {rpc: "CustomersService/Login", body: loginBody},
	"startSignIn":      {rpc: "SignInService/StartSignIn", ids: ids{"provider": anOpenID}},
	"finishSignIn":     {rpc: "SignInService/FinishSignIn", ids: ids{"provider": anOpenID}},
	"linkIdentity":     {rpc: "SignInService/LinkIdentity", body: signInCode, header: signInCookie},
	"listIdentities":   {rpc: "SignInService/ListIdentities"},
	"unlinkIdentity":   {rpc: "SignInService/UnlinkIdentity", ids: ids{"id": ownIdentity}},
	"refreshSession":   {rpc: "CustomersService/Refresh", body: spendable},
	"deleteSession":    {rpc: "CustomersService/Logout"},
	"getMe":            {rpc: "CustomersService/GetMe"},
	"updateMe":         {rpc: "CustomersService/UpdateMe", body: json0(`{"name": "Ada"}`)},
	"listSessions":     {rpc: "CustomersService/ListSessions"},
	"endSession":       {rpc: "CustomersService/EndSession", ids: ids{"id": ownSession}},
	"changePassword":   {rpc: "CustomersService/ChangePassword", body: newPassword},
	"changeEmail": {rpc: "CustomersService/RequestEmailChange", body: func(_ *people, r *request) any {
		return object{"email": uuid.NewString() + "@example.com", "password": r.who.password}
	}},
	"exportMe":                 {rpc: "CustomersService/GetPersonalData"},
	"startSecondFactor":        {rpc: "CustomersService/StartSecondFactor"},
	"confirmSecondFactor":      {rpc: "CustomersService/ConfirmSecondFactor", body: firstCode},
	"removeSecondFactor":       {rpc: "CustomersService/RemoveSecondFactor", body: removal},
	"requestPasswordReset":     {rpc: "CustomersService/RequestPasswordReset", body: func(*people, *request) any { return object{"email": uuid.NewString() + "@example.com"} }},
	"resetPassword":            {rpc: "CustomersService/ResetPassword", body: resetBody},
	"requestEmailVerification": {rpc: "CustomersService/RequestEmailVerification"},
	"verifyEmail":              {rpc: "CustomersService/VerifyEmail", body: verificationBody},
	"deleteMe":                 {rpc: "CustomersService/DeleteAccount", body: confirmation},
	"listAddresses":            {rpc: "CustomersService/ListAddresses"},
	"createAddress":            {rpc: "CustomersService/CreateAddress", body: addressBody},
	"updateAddress":            {rpc: "CustomersService/UpdateAddress", ids: ids{"id": ownAddress}, body: addressBody},
	"deleteAddress":            {rpc: "CustomersService/DeleteAddress", ids: ids{"id": ownAddress}},

	// The catalog.
	"listProducts":           {rpc: "CatalogService/ListProducts"},
	"getProduct":             {rpc: "CatalogService/GetProduct", ids: ids{"id": aProduct}},
	"listCategories":         {rpc: "CatalogService/ListCategories"},
	"listProductSuggestions": {rpc: "CatalogService/ListSuggestions"},
	"createProduct":          {rpc: "CatalogService/CreateProduct", body: func(*people, *request) any { return productBody() }},
	"updateProduct":          {rpc: "CatalogService/UpdateProduct", ids: ids{"id": aProduct}, body: productPatch, header: ifMatch},
	"withdrawProduct":        {rpc: "CatalogService/WithdrawProduct", ids: ids{"id": aProduct}},
	"listAllProducts":        {rpc: "CatalogService/ListAllProducts"},
	"getAnyProduct":          {rpc: "CatalogService/GetAnyProduct", ids: ids{"id": aProduct}},
	"restoreProduct":         {rpc: "CatalogService/RestoreProduct", ids: ids{"id": aWithdrawn}},
	"getSynonyms":            {rpc: "CatalogService/GetSynonyms"},
	"setSynonyms":            {rpc: "CatalogService/SetSynonyms", body: json0(`{"groups": [{"terms": ["sofa", "couch"]}]}`), header: whatever},
	"importProducts":         {rpc: "CatalogService/ImportProducts", body: productFile},
	"exportProducts":         {rpc: "CatalogService/GetProductFile"},
	"getStock":               {rpc: "InventoryService/GetLevels", ids: ids{"sku": aSKU}},
	"adjustStock":            {rpc: "InventoryService/AdjustStock", ids: ids{"sku": aNewSKU}, body: json0(`{"delta": 1, "reason": "found"}`)},

	// Carts.
	"createCart":     {rpc: "CartsService/CreateCart"},
	"getCurrentCart": {rpc: "CartsService/GetCurrentCart", given: cart},
	"getCart":        {rpc: "CartsService/GetCart", ids: ids{"id": ownCart}},
	"setCartItem":    {rpc: "CartsService/SetItem", ids: ids{"id": ownCart, "sku": aSKU}, body: json0(`{"quantity": 3}`)},
	"removeCartItem": {rpc: "CartsService/RemoveItem", ids: ids{"id": ownCart, "sku": anySKU}},
	"claimCart":      {rpc: "CartsService/ClaimCart", ids: ids{"id": ownCart}},
	"quoteShipping":  {rpc: "CartsService/GetCart", ids: ids{"cart_id": ownCart}, body: quote},

	// Orders.
	"placeOrder": {rpc: "OrdersService/PlaceOrder", guests: true, ids: ids{"cart_id": ownCart, "address_id": ownAddress}, body: checkout},
	"requestOrderLookup": {rpc: "OrdersService/RequestOrderLookup", body: func(*people, *request) any {
		return object{"number": "S-7K3M9QX2", "email": uuid.NewString() + "@example.com"}
	}},
	"redeemOrderLookup": {rpc: "OrdersService/RedeemOrderLookup", body: lookupBody},
	"listOrders":        {rpc: "OrdersService/ListOrders"},
	"getOrder":          {rpc: "OrdersService/GetOrder", ids: ids{"id": ownOrder}},
	"streamOrderEvents": {rpc: "OrdersService/WaitForEvents", ids: ids{"id": ownOrder}},
	"createEventTicket": {rpc: "OrdersService/CreateEventTicket", ids: ids{"id": ownOrder}},
	"cancelOrder":       {rpc: "OrdersService/CancelOrder", ids: ids{"id": ownOrder}},
	"requestReturn":     {rpc: "OrdersService/RequestReturn", ids: ids{"id": ownDelivered}, body: func(*people, *request) any { return returnBody() }},
	"withdrawReturn":    {rpc: "OrdersService/WithdrawReturn", ids: ids{"id": ownReturned, "return_id": ownReturn}},
	"listReturns":       {rpc: "OrdersService/ListReturns"},
	"refuseReturn":      {rpc: "OrdersService/RefuseReturn", ids: ids{"id": aReturn}, body: json0(`{"reason": "worn"}`)},
	"listAllOrders":     {rpc: "OrdersService/ListAllOrders", ids: ids{"customer_id": anyCustomer}},
	"cancelAnyOrder":    {rpc: "OrdersService/CancelAnyOrder", ids: ids{"id": anOrder}, body: json0(`{"reason": "damaged"}`)},
	"dispatchOrder":     {rpc: "OrdersService/DispatchOrder", ids: ids{"id": anOrder}},
	"receiveReturn":     {rpc: "OrdersService/ReceiveReturn", ids: ids{"id": aReturn}, body: json0(`{"lines": [{"sku": "GOODS", "quantity": 1, "restock": true}], "refund_shipping": true}`)},
	"listAuditEntries":  {rpc: "AuditService/ListAuditEntries"},
	"refundOrder":       {rpc: "OrdersService/RefundOrder", ids: ids{"id": aDispatched}, body: refund},

	// Recommendations.
	"listProductRecommendations": {rpc: "CatalogService/GetProduct", ids: ids{"id": aProduct}},
	"listCartRecommendations":    {rpc: "CartsService/GetCart", ids: ids{"id": ownCart}},
	// Partners.
	"listClients":            {rpc: "ClientsService/ListClients"},
	"createClient":           {rpc: "ClientsService/CreateClient", body: clientBody},
	"getAuthorizationServer": {},
	"createToken":            {rpc: "ClientsService/GetClientToken", body: clientForm},
	"revokeToken":            {rpc: "ClientsService/RevokeRefreshToken", body: revocation},
	"deleteClient":           {rpc: "ClientsService/DeleteClient", ids: ids{"id": aClient}},

	// Staff.
	"listStaff":     {rpc: "StaffService/ListStaff"},
	"listCustomers": {rpc: "StaffService/ListCustomers"},
	"inviteStaff":   {rpc: "StaffService/InviteStaff", body: invitation},
	"changeStaff":   {rpc: "StaffService/ChangeStaffRoles", ids: ids{"id": anEmployee}, body: json0(`{"roles": ["support"]}`)},
	"disableStaff":  {rpc: "StaffService/DisableStaff", ids: ids{"id": anEmployee}},

	// Payments.
	"receivePaymentWebhook": {rpc: "PaymentsService/HandleWebhook", ids: ids{"provider": aProvider}, body: webhook, header: signature},
}

// json0 is a body that is always the same.
func json0(text string) func(*people, *request) any {
	return func(*people, *request) any { return json.RawMessage(text) }
}

func registration(*people, *request) any {
	return map[string]any{"email": uuid.NewString() + "@example.com", "password": password, "name": "Ada"}
}

func loginBody(_ *people, r *request) any {
	return map[string]any{"email": r.who.email, "password": r.who.password}
}

// spendable has a refresh token that was not used yet.
func spendable(p *people, r *request) any {
	_, session, err := r.who.As("").Login(p.t.Context(), r.who.email, r.who.password)
	if err != nil {
		p.t.Fatal(err)
	}
	return map[string]any{"refresh_token": session.RefreshToken}
}

func newPassword(_ *people, r *request) any {
	return map[string]any{"current_password": r.who.password, "new_password": "another " + r.who.password}
}

// resetBody has a token for the password of a new account.
func resetBody(p *people, _ *request) any {
	email := newcomer(p)
	if err := shop.New(running.URL()).Do(p.t.Context(), http.MethodPost, "/v1/password-resets", object{"email": email}, nil); err != nil {
		p.t.Fatal(err)
	}
	return object{"token": mailed(p, email, testshop.ResetPassword), "password": "another horse battery"}
}

// verificationBody has a token that confirms the address of a new account.
func verificationBody(p *people, _ *request) any {
	return object{"token": mailed(p, newcomer(p), testshop.ConfirmEmail)}
}

// lookupBody has the token of a link to the order of a guest.
func lookupBody(p *people, _ *request) any {
	who := p.account(guest)
	email := uuid.NewString() + "@example.com"
	placed, err := who.PlaceOrder(p.t.Context(), uuid.NewString(), shop.Checkout{
		CartID: cart(p, who), ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa", Email: email,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := who.Do(p.t.Context(), http.MethodPost, "/v1/order-lookups", object{"number": placed.Number, "email": email}, nil); err != nil {
		p.t.Fatal(err)
	}
	return object{"token": mailed(p, email, "Your link to order "+placed.Number)}
}

func invitation(*people, *request) any {
	return object{"email": uuid.NewString() + "@example.com", "roles": []string{"fulfilment"}}
}

func clientBody(*people, *request) any {
	return object{"name": "The warehouse", "kind": "api_key", "scopes": []string{"clients:write"}}
}

// clientForm asks for a token of a new client.
func clientForm(p *people, _ *request) any {
	var created struct{ ID, Secret string }
	body := object{"name": "The warehouse", "kind": "oauth", "scopes": []string{"orders:read"}}
	p.do(p.account(staff), http.MethodPost, "/v1/admin/clients", body, &created)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {created.ID}, "client_secret": {created.Secret}}
	return []byte(form.Encode())
}

// revocation has a refresh token that was not used yet.
func revocation(p *people, r *request) any {
	token := spendable(p, r).(map[string]any)["refresh_token"].(string)
	return []byte(url.Values{"token": {token}}.Encode())
}

// partner adds a client, and returns its id.
func partner(p *people, _ *account) string {
	p.t.Helper()
	var created struct{ ID string }
	p.do(p.account(staff), http.MethodPost, "/v1/admin/clients", clientBody(p, nil), &created)
	return created.ID
}

// employee invites somebody to staff, and returns the id of the account.
func employee(p *people, _ *account) string {
	p.t.Helper()
	var invited struct{ ID string }
	p.do(p.account(staff), http.MethodPost, "/v1/admin/staff", invitation(p, nil), &invited)
	return invited.ID
}

// newcomer opens an account and returns its address.
func newcomer(p *people) string {
	email := uuid.NewString() + "@example.com"
	if _, _, err := shop.New(running.URL()).Register(p.t.Context(), email, password, "Ada"); err != nil {
		p.t.Fatal(err)
	}
	return email
}

func mailed(p *people, email, subject string) string {
	_, token, err := running.MailToken(p.t.Context(), email, subject)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

func confirmation(_ *people, r *request) any {
	return map[string]any{"password": r.who.password}
}

func addressBody(*people, *request) any { return leeds }

func productPatch(*people, *request) any {
	return map[string]any{"title": "Other thing", "images": []any{map[string]any{"url": "https://example.com/b.png"}}}
}

// ifMatch has the entity tag of the product or, of one that does not exist, another's.
func ifMatch(p *people, r *request, _ []byte) map[string]string {
	id := p.thing(staff, aProduct.kind, product)
	for _, path := range []string{r.ids["id"], id} {
		if got := send(p.t, http.MethodGet, "/v1/products/"+url.PathEscape(path), http.Header{}, nil); got.status == http.StatusOK {
			return map[string]string{"If-Match": got.header.Get("ETag")}
		}
	}
	p.t.Fatal("no product has an ETag")
	return nil
}

// whatever is the If-Match of a change of any version.
func whatever(*people, *request, []byte) map[string]string { return map[string]string{"If-Match": "*"} }

func productFile(*people, *request) any {
	sku := "F-" + uuid.NewString()
	return fmt.Appendf(nil, "Handle,Title,Variant SKU,Variant Price\n%s,Filed,%s,5\n", sku, sku)
}

func quote(_ *people, r *request) any {
	return map[string]any{"cart_id": r.ids["cart_id"], "address": map[string]any{"country": "GB", "postal_code": "LS1 6DT"}}
}

func checkout(_ *people, r *request) any {
	if r.who.name == guest {
		return shop.Checkout{
			CartID: r.ids["cart_id"], ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
			Email: uuid.NewString() + "@example.com",
		}
	}
	return shop.Checkout{
		CartID: r.ids["cart_id"], AddressID: r.ids["address_id"], ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	}
}

func refund(*people, *request) any {
	return map[string]any{"amount": shop.Money{Amount: 1, Currency: "GBP"}, "reason": "it came late"}
}

func webhook(*people, *request) any {
	return fmt.Appendf(nil, `{"id": %q, "type": "payment.captured", "reference": "souk-nothing"}`, uuid.NewString())
}

// signature signs a webhook as the card network does.
func signature(_ *people, _ *request, body []byte) map[string]string {
	at := time.Now().Unix()
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	fmt.Fprintf(mac, "%d.%s", at, body)
	return map[string]string{"Souk-Signature": fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))}
}
