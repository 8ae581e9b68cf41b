package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/balance"
)

// A call of a method that is not of the shop, such as a health check, may take this long.
const foreignTimeout = 5 * time.Second

// timeoutOf returns how long a call of a unary method may take. A caller's own deadline holds if it is earlier.
func timeoutOf(method string) time.Duration {
	if t, ok := timeouts()[method]; ok {
		return t
	}
	return foreignTimeout
}

// timeouts has how long a call of each unary method of the shop may take, as the method's contract says.
var timeouts = sync.OnceValue(func() map[string]time.Duration {
	all := map[string]time.Duration{}
	eachMethod(func(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
		if t, ok := statedTimeout(method); ok {
			all["/"+string(service.FullName())+"/"+string(method.Name())] = t
		}
	})
	return all
})

// statedTimeout returns the timeout in a method's contract, if there is one.
func statedTimeout(method protoreflect.MethodDescriptor) (time.Duration, bool) {
	if !proto.HasExtension(method.Options(), accessv1.E_Timeout) {
		return 0, false
	}
	t, _ := proto.GetExtension(method.Options(), accessv1.E_Timeout).(*durationpb.Duration)
	return t.AsDuration(), t.AsDuration() > 0
}

// checkTimeouts returns an error that names the methods of the shop whose contracts say nothing of a timeout.
var checkTimeouts = sync.OnceValue(func() error {
	var errs []error
	eachMethod(func(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
		if _, ok := statedTimeout(method); !ok && strings.HasPrefix(string(service.FullName()), shopPackages) {
			errs = append(errs, fmt.Errorf("%s has no timeout in its contract", method.FullName()))
		}
	})
	return errors.Join(errs...)
})

// shopPackages begins the name of each package of the shop's contracts.
const shopPackages = "souk."

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
	if err := checkTimeouts(); err != nil {
		return "", err
	}
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
		if !strings.HasPrefix(string(file.Package()), shopPackages) && file.Package() != "grpc.health.v1" {
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
