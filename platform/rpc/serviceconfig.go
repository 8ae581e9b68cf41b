package rpc

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"souk/platform/balance"
)

// A call may take this long, unless its method is among timeouts or its caller gives it less.
const defaultTimeout = 5 * time.Second

// Methods that may take longer or less long, by full name. A caller's own deadline holds if it is earlier.
var timeouts = map[string]time.Duration{
	// Orders works on a request for SOUK_ORDERS_INLINE_TIMEOUT (5 s) and half a second, and before it for 4 s on its price.
	"/souk.orders.v1.OrdersService/PlaceOrder":    15 * time.Second,
	"/souk.orders.v1.OrdersService/CancelOrder":   10 * time.Second,
	"/souk.orders.v1.OrdersService/DispatchOrder": 10 * time.Second,
	"/souk.orders.v1.OrdersService/ReceiveReturn": 10 * time.Second,
	"/souk.orders.v1.OrdersService/RefundOrder":   10 * time.Second,
	// A long poll: 30 s at most, and time to answer.
	"/souk.orders.v1.OrdersService/WaitForEvents": 35 * time.Second,
	// Banks take their time. A caller that waits for less than half of this learns nothing of payments' health.
	"/souk.payments.v1.PaymentsService/Authorize":     15 * time.Second,
	"/souk.payments.v1.PaymentsService/Capture":       15 * time.Second,
	"/souk.payments.v1.PaymentsService/Void":          15 * time.Second,
	"/souk.payments.v1.PaymentsService/Refund":        15 * time.Second,
	"/souk.payments.v1.PaymentsService/HandleWebhook": 10 * time.Second,
	// The provider is asked about each payment of a page.
	"/souk.payments.v1.PaymentsService/ListBooks": time.Minute,
	// The whole ledger of each SKU of a page is added up.
	"/souk.inventory.v1.InventoryService/ListStock": time.Minute,
	// A page says `unknown` rather than wait for it.
	"/souk.inventory.v1.InventoryService/GetLevels": time.Second,
}

// timeoutOf returns how long a call of a unary method may take.
func timeoutOf(method string) time.Duration {
	if t, ok := timeouts[method]; ok {
		return t
	}
	return defaultTimeout
}

// The service config of a connection (https://github.com/grpc/grpc/blob/master/doc/service_config.md).
type serviceConfig struct {
	LoadBalancing   []map[string]struct{} `json:"loadBalancingConfig"`
	HealthCheck     healthCheck           `json:"healthCheckConfig"`
	RetryThrottling retryThrottling       `json:"retryThrottling"`
	Methods         []methodConfig        `json:"methodConfig"`
}

type healthCheck struct {
	ServiceName string `json:"serviceName"`
}

type retryThrottling struct {
	MaxTokens  int     `json:"maxTokens"`
	TokenRatio float64 `json:"tokenRatio"`
}

type methodConfig struct {
	Name    []methodName `json:"name"`
	Timeout string       `json:"timeout"`
	Retry   *retryPolicy `json:"retryPolicy,omitempty"`
}

type methodName struct {
	Service string `json:"service"`
	Method  string `json:"method"`
}

type retryPolicy struct {
	MaxAttempts       int      `json:"maxAttempts"`
	InitialBackoff    string   `json:"initialBackoff"`
	MaxBackoff        string   `json:"maxBackoff"`
	BackoffMultiplier float64  `json:"backoffMultiplier"`
	Codes             []string `json:"retryableStatusCodes"`
}

// Three more attempts within some 350 ms bridge the time in which an instance goes and a connection is made anew. Only
// UNAVAILABLE is retried, because retries would make a lack of time or an overload worse.
var retry = &retryPolicy{MaxAttempts: 4, InitialBackoff: "0.05s", MaxBackoff: "1s", BackoffMultiplier: 2, Codes: []string{"UNAVAILABLE"}}

// The budget of retries, for each connection: a failed attempt takes a token, a call that went well gives a tenth of one, and
// below half of the most nothing is tried again (https://github.com/grpc/proposal/blob/master/A6-client-retries.md). A
// hundred calls that were under way with an instance that is killed are all carried on by another; a peer that keeps
// failing soon costs no more attempts than requests.
var budget = retryThrottling{MaxTokens: 200, TokenRatio: 0.1}

// configFor returns the service config of a connection to peer: for each unary RPC of the shop its timeout and, if the
// contract says that it may be repeated, the retries.
func configFor(peer string) (string, error) {
	text, err := json.Marshal(serviceConfig{
		LoadBalancing: []map[string]struct{}{{balance.Name: {}}}, HealthCheck: healthCheck{peer},
		RetryThrottling: budget, Methods: methods(),
	})
	if err != nil {
		return "", fmt.Errorf("service config: %w", err)
	}
	return string(text), nil
}

// methods returns a config for each RPC of the contracts that are linked into this process.
var methods = sync.OnceValue(func() []methodConfig {
	var configs []methodConfig
	eachMethod(func(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
		configs = append(configs, configOf(service, method))
	})
	return configs
})

// eachMethod calls do for each unary RPC of the contracts that this process knows.
func eachMethod(do func(protoreflect.ServiceDescriptor, protoreflect.MethodDescriptor)) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "souk.") && file.Package() != "grpc.health.v1" {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				if method := service.Methods().Get(j); !method.IsStreamingClient() && !method.IsStreamingServer() {
					do(service, method)
				}
			}
		}
		return true
	})
}

// repeatable tells for each full method whether its contract allows to repeat it.
var repeatable = sync.OnceValue(func() map[string]bool {
	full := map[string]bool{}
	for _, config := range methods() {
		for _, name := range config.Name {
			full["/"+name.Service+"/"+name.Method] = config.Retry != nil
		}
	}
	return full
})

func configOf(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) methodConfig {
	name := methodName{Service: string(service.FullName()), Method: string(method.Name())}
	timeout := timeoutOf("/" + name.Service + "/" + name.Method)
	config := methodConfig{Name: []methodName{name}, Timeout: fmt.Sprintf("%gs", timeout.Seconds())}
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	if options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN {
		config.Retry = retry
	}
	return config
}
