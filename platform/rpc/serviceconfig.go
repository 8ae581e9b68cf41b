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

// The timeout of methods from outside the shop's contracts, such as health checks.
const foreignTimeout = 5 * time.Second

// timeoutOf returns the timeout of a unary method. A caller's own deadline counts if it is earlier.
func timeoutOf(method string) time.Duration {
	if t, ok := timeouts()[method]; ok {
		return t
	}
	return foreignTimeout
}

// timeouts maps each unary method of the shop to the timeout in its contract.
var timeouts = sync.OnceValue(func() map[string]time.Duration {
	all := map[string]time.Duration{}
	eachMethod(func(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
		if t, ok := statedTimeout(method); ok {
			all["/"+string(service.FullName())+"/"+string(method.Name())] = t
		}
	})
	return all
})

// statedTimeout returns the timeout in a method's contract, if it has one.
func statedTimeout(method protoreflect.MethodDescriptor) (time.Duration, bool) {
	if !proto.HasExtension(method.Options(), accessv1.E_Timeout) {
		return 0, false
	}
	t, _ := proto.GetExtension(method.Options(), accessv1.E_Timeout).(*durationpb.Duration)
	return t.AsDuration(), t.AsDuration() > 0
}

// checkTimeouts returns an error with the names of the shop's methods whose contracts have no timeout.
var checkTimeouts = sync.OnceValue(func() error {
	var errs []error
	eachMethod(func(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
		if _, ok := statedTimeout(method); !ok && strings.HasPrefix(string(service.FullName()), shopPackages) {
			errs = append(errs, fmt.Errorf("%s has no timeout in its contract", method.FullName()))
		}
	})
	return errors.Join(errs...)
})

// shopPackages is the prefix of all proto packages of the shop.
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

// Up to three retries within about 350 ms cover the time until a failed instance is replaced by another connection. gRPC
// retries only UNAVAILABLE, because retries after timeouts or overload would make them worse. retry.go repeats a call once, at another
// instance, when the fault is that of one instance.
var retry = &retryPolicy{MaxAttempts: 4, InitialBackoff: "0.05s", MaxBackoff: "1s", BackoffMultiplier: 2, Codes: []string{"UNAVAILABLE"}}

// The retry budget of a connection: a failed attempt takes one token, a successful call adds a tenth of one, and there are no
// retries while less than half of MaxTokens is left (https://github.com/grpc/proposal/blob/master/A6-client-retries.md). The
// budget is large enough to move a hundred calls from a killed instance to another. It is small enough that a peer that keeps
// failing soon gets no retries.
var budget = retryThrottling{MaxTokens: 200, TokenRatio: 0.1}

// configFor returns the service config for connections to peer. It contains a timeout for each unary RPC of the shop, and
// retries for those that the contract allows to repeat.
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

// methods returns the config of each RPC in the contracts linked into this process.
var methods = sync.OnceValue(func() []methodConfig {
	var configs []methodConfig
	eachMethod(func(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
		configs = append(configs, configOf(service, method))
	})
	return configs
})

// eachMethod calls do for each unary RPC in the contracts linked into this process.
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

// repeatable maps each full method name to whether its contract allows repeating it.
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
