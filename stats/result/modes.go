package result

// ModeGroup is what a user's failure mode at the boundary of the IP adds up to.
type ModeGroup struct {
	// Mode is the user's failure mode, Point the diagnostic point that notices it, empty
	// where none does.
	Mode  string `json:"mode"`
	Point string `json:"diagnostic_point,omitempty"`
	// Rows are the rows of the failure-mode sheet in it, Injections the records.
	Rows       int `json:"rows"`
	Injections int `json:"injections"`
	// Lambda is the rate in FIT, with one-sided limits.
	Lambda Limits `json:"lambda"`
	// Violating is the part of it whose own fault class is a single-point fault.
	Violating Limits `json:"violating"`
}
