// A shopper and the staff of a shop, through the client that openapi-typescript makes of gateway/openapi.yaml. Whatever the contract
// says of a name or a type is the compiler's to check here, so no answer is cast. Ends with exit code 0 when all went as it should.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Shop = Client<paths>;
type Order = components["schemas"]["Order"];
type Session = components["schemas"]["Session"];

const url = setting("SOUK_URL");
const password = "correct horse battery staple";
const address = { name: "Ada Shopper", line1: "1 Quarry Hill", city: "Leeds", postal_code: "LS1 4DY", country: "GB" };

function setting(name: string): string {
  const value = process.env[name];
  assert(value, `${name} is not set`);
  return value;
}

// as returns a client for the holder of an access token, or for a guest.
function as(session?: Session): Shop {
  return createClient<paths>({ baseUrl: url, headers: session ? { Authorization: `Bearer ${session.access_token}` } : {} });
}

// must returns the data of an answer that is no error.
async function must<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await request;
  assert(response.ok && data !== undefined, `${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

async function signIn(email: string, secret: string): Promise<Session> {
  return must(as().POST("/v1/sessions", { body: { email, password: secret } }));
}

// stock makes a product with so many pieces and returns its SKU.
async function stock(staff: Shop, pieces: number): Promise<string> {
  const sku = `TS-${randomUUID().slice(0, 13)}`;
  const product = await must(staff.POST("/v1/products", {
    body: { title: `Typed mug ${sku}`, category: "Typed", variants: [{ sku, options: { Size: "Small" }, price: { amount: 1250, currency: "GBP" }, weight_grams: 300 }] },
  }));
  assert.equal(product.variants[0]?.options["Size"], "Small");
  const level = await must(staff.POST("/v1/inventory/{sku}/adjustments", { params: { path: { sku } }, body: { delta: pieces, reason: "new" } }));
  assert.equal(level.available, pieces);
  return sku;
}

// browse finds the product as a guest does, and puts two pieces into a guest's cart.
async function browse(sku: string): Promise<string> {
  const guest = as();
  const list = await must(guest.GET("/v1/products", { params: { query: { q: sku, facets: true, sort: "relevance", limit: 5 } } }));
  const found = list.items.find((item) => item.variants.some((variant) => variant.sku === sku));
  assert(found, `${sku} is not found`);
  assert.equal(found.price.min.amount, 1250);
  assert(list.facets?.some((facet) => facet.field === "category"));
  const product = await must(guest.GET("/v1/products/{id}", { params: { path: { id: found.slug } } }));
  assert.equal(product.id, found.id);
  const cart = await must(guest.POST("/v1/carts"));
  const filled = await must(guest.PUT("/v1/carts/{id}/items/{sku}", { params: { path: { id: cart.id, sku } }, body: { quantity: 2 } }));
  assert.equal(filled.subtotal.amount, 2500);
  return cart.id;
}

// buy claims a guest's cart, asks what sending it costs, and orders it, twice under one key.
async function buy(shopper: Shop, guestCart: string): Promise<Order> {
  const cart = await must(shopper.POST("/v1/carts/{id}/claim", { params: { path: { id: guestCart } } }));
  const saved = await must(shopper.POST("/v1/me/addresses", { body: address }));
  const { country, postal_code } = saved;
  const quote = await must(shopper.POST("/v1/shipping-quotes", { body: { cart_id: cart.id, address: { country, postal_code } } }));
  const option = quote.options[0];
  assert(option, "there is no way to send it");
  const checkout = { cart_id: cart.id, shipping_option: option.id, address_id: saved.id };

  const declined = await shopper.POST("/v1/orders", {
    params: { header: { "Idempotency-Key": randomUUID() } }, body: { ...checkout, payment_method: "pm_card_declined" },
  });
  assert.equal(declined.error?.code, "payment_declined");
  assert.equal(declined.error.reason, "card_declined");
  // @ts-expect-error: the compiler knows every code that there is.
  assert(declined.error.code !== "no_such_code");

  const header = { "Idempotency-Key": randomUUID() };
  const body = { ...checkout, payment_method: "pm_card_visa", expected_total: { amount: 2500 + option.price.amount, currency: "GBP" } };
  const order = await must(shopper.POST("/v1/orders", { params: { header }, body }));
  assert.equal(order.status, "confirmed");
  const again = await shopper.POST("/v1/orders", { params: { header }, body });
  assert.deepEqual(again.data, order);
  assert.equal(again.response.headers.get("Idempotent-Replay"), "true");
  return order;
}

// follow reads the order's events until it has seen one of a kind.
async function follow(shopper: Shop, id: string, kind: components["schemas"]["TimelineEvent"]): Promise<void> {
  const stream = await must(shopper.GET("/v1/orders/{id}/events", { params: { path: { id } }, parseAs: "stream" }));
  assert(stream);
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of stream as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(part, { stream: true });
    if (text.includes(`event: ${kind}\n`)) return;
  }
  assert.fail(`the stream ended without ${kind}: ${text}`);
}

// sendBack has the order brought to the shopper, and one of its pieces back, with its money and some more.
async function sendBack(staff: Shop, shopper: Shop, order: Order, sku: string): Promise<void> {
  const path = { id: order.id };
  const sent = await must(staff.POST("/v1/admin/orders/{id}/dispatch", { params: { path } }));
  assert.equal(sent.status, "fulfilled");
  await follow(shopper, order.id, "delivered");
  const back = await must(shopper.POST("/v1/orders/{id}/returns", {
    params: { path }, body: { lines: [{ sku, quantity: 1 }], reason: "The handle came off" },
  }));
  assert.equal(back.amount.amount, 1250);
  let received = await must(staff.POST("/v1/admin/returns/{id}/receive", { params: { path: { id: back.id } } }));
  for (let tries = 0; received.status !== "refunded" && tries < 300; tries++) {
    await wait(100);
    received = await must(staff.POST("/v1/admin/returns/{id}/receive", { params: { path: { id: back.id } } }));
  }
  assert.equal(received.status, "refunded");
  const refund = await must(staff.POST("/v1/admin/orders/{id}/refunds", {
    params: { path, header: { "Idempotency-Key": randomUUID() } }, body: { amount: { amount: 500, currency: "GBP" }, reason: "It came late" },
  }));
  assert.notEqual(refund.status, "failed");
  const now = await must(shopper.GET("/v1/orders/{id}", { params: { path } }));
  assert.equal(now.payment.refunded.amount, 1750);
  assert.equal(now.returns.length, 1);
}

async function main(): Promise<void> {
  const staff = as(await signIn(setting("SOUK_STAFF_EMAIL"), setting("SOUK_STAFF_PASSWORD")));
  const sku = await stock(staff, 5);

  const email = `${randomUUID()}@example.com`;
  const account = await must(as().POST("/v1/customers", { body: { email, password, name: "Ada Shopper" } }));
  assert.deepEqual(account.roles, ["customer"]);
  const wrong = await as().POST("/v1/sessions", { body: { email, password: "wrong horse battery" } });
  assert.equal(wrong.error?.code, "invalid_credentials");
  const first = await signIn(email, password);
  const shopper = as(await must(as().POST("/v1/sessions/refresh", { body: { refresh_token: first.refresh_token } })));

  const order = await buy(shopper, await browse(sku));
  await sendBack(staff, shopper, order, sku);
  const level = await must(staff.GET("/v1/inventory/{sku}", { params: { path: { sku } } }));
  assert.deepEqual(level, { sku, on_hand: 4, reserved: 0, available: 4 });

  const forbidden = await shopper.GET("/v1/admin/orders");
  assert.equal(forbidden.error?.code, "forbidden");
  const out = await shopper.DELETE("/v1/sessions/current");
  assert.equal(out.response.status, 204);
  console.log(`order ${order.number}: bought, delivered, one piece returned`);
}

await main();
