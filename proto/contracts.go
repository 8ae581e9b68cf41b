// Package proto registers the contracts of all services with protobuf's registry, for programs that read the contracts themselves:
//
//	import _ "souk/proto"
package proto

import (
	_ "souk/proto/gen/souk/access/v1"
	_ "souk/proto/gen/souk/audit/v1"
	_ "souk/proto/gen/souk/carts/v1"
	_ "souk/proto/gen/souk/catalog/v1"
	_ "souk/proto/gen/souk/customers/v1"
	_ "souk/proto/gen/souk/errors/v1"
	_ "souk/proto/gen/souk/inventory/v1"
	_ "souk/proto/gen/souk/orders/v1"
	_ "souk/proto/gen/souk/payments/v1"
	_ "souk/proto/gen/souk/recommendations/v1"
	_ "souk/proto/gen/souk/shipping/v1"
)
