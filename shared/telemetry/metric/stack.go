package metric

// The metrics of what the functions and the connector stand on. The local stack
// makes them; in a deployment Google has the like, which Cloud names.
var (
	SubscriptionMessages = Metric{
		Name: "nightwire_subscription_messages", Kind: Gauge, Unit: "1", Labels: []string{"subscription"},
		Help: "Messages of a subscription that are not acknowledged.",
	}
	SubscriptionOldest = Metric{
		Name: "nightwire_subscription_oldest_seconds", Kind: Gauge, Unit: "s", Labels: []string{"subscription"},
		Help: "Age of the oldest message of a subscription that is not acknowledged.",
	}
	Notifications = Metric{
		Name: "nightwire_notifications_waiting", Kind: Gauge, Unit: "1",
		Help: "Files of which the bucket has not told yet.",
	}
	ProcessCPU = Metric{
		Name: "nightwire_process_cpu_seconds_total", Kind: Counter, Unit: "s", Labels: []string{"process"},
		Help: "Processor time that a process of the stack has used, over all its lives.",
	}
	ProcessMemory = Metric{
		Name: "nightwire_process_resident_bytes", Kind: Gauge, Unit: "By", Labels: []string{"process"},
		Help: "Memory that a process of the stack has now.",
	}
	ProcessRestarts = Metric{
		Name: "nightwire_process_restarts_total", Kind: Counter, Unit: "1", Labels: []string{"process"},
		Help: "Times that a process of the stack died and was started again.",
	}
)

// Stack lists the metrics of the local stack.
func Stack() []Metric {
	return []Metric{
		SubscriptionMessages, SubscriptionOldest, Notifications, ProcessCPU, ProcessMemory, ProcessRestarts,
	}
}
