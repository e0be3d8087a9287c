package result

// Latency is how long after the upset one mechanism, one status of the NPU or the
// watchdog reports it. Cycles are those of the NPU; inferences follow each other
// without a pause.
type Latency struct {
	// Model names the network where there are several.
	Model string `json:"model,omitempty"`
	// Mechanism is the name of an added mechanism, or what the NPU itself reports:
	// "bus error", "parse error", "decoder fault", "RAM error", "watchdog".
	Mechanism string `json:"mechanism"`
	// Own says that the NPU or the watchdog of the system reports it, with no mechanism.
	Own bool `json:"own"`
	// Alarms is the number of records behind the figures.
	Alarms int `json:"alarms"`
	// Median is that of all sites, each record with its weight; Maximum is the largest
	// that was seen.
	Median  int64 `json:"median_cycles"`
	Maximum int64 `json:"maximum_cycles"`
	// MedianSeconds and MaximumSeconds are the same at the declared clock.
	MedianSeconds  float64 `json:"median_s,omitempty"`
	MaximumSeconds float64 `json:"maximum_s,omitempty"`
	// AfterEnd counts alarms in an inference after that of the upset, which had ended
	// with the right output; AfterEndShare is their weighted share.
	AfterEnd      int     `json:"after_end"`
	AfterEndShare float64 `json:"after_end_share"`
	// Overdue counts those later than the fault-tolerant time interval, the reaction
	// to an alarm included: they violate.
	Overdue int `json:"overdue,omitempty"`
}

// Alarms tells true alarms of a proof from false ones: the same upset on the machine
// without mechanisms.
type Alarms struct {
	// Model names the network where there are several; rates are those while it runs.
	Model string `json:"model,omitempty"`
	// Alarms is their number in the proof, Repeated how many of them were injected
	// again.
	Alarms   int `json:"alarms"`
	Repeated int `json:"repeated"`
	// True upsets violate without the mechanisms. False ones are masked or corrected
	// there, or hit storage that only the mechanisms have. Other ones do neither: the
	// NPU stops by itself.
	True  int `json:"true"`
	False int `json:"false"`
	Other int `json:"other"`
	// FITTrue, FITFalse and FITOther are the rates of alarms of each sort.
	FITTrue  Limits `json:"fit_true"`
	FITFalse Limits `json:"fit_false"`
	FITOther Limits `json:"fit_other"`
	// ByMechanism counts the repeated ones by the mechanism that raised the alarm.
	ByMechanism []AlarmCount `json:"by_mechanism"`
}

// AlarmCount are the repeated alarms of one mechanism.
type AlarmCount struct {
	Mechanism string `json:"mechanism"`
	True      int    `json:"true"`
	False     int    `json:"false"`
	Other     int    `json:"other"`
}
