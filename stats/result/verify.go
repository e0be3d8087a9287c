package result

// Results of a check of a stored campaign.
const (
	VerifyPass    = "pass"
	VerifyFail    = "fail"
	VerifyNotDone = "not_done"
)

// Verify says what was checked of a stored campaign, and what was not.
type Verify struct {
	// Campaign is the folder or the pack.
	Campaign string `json:"campaign"`
	// PackSHA256 is that of the file, for a pack: it is to be compared with the one that
	// was filed. PackedBy is the build that made it.
	PackSHA256 string `json:"pack_sha256,omitempty"`
	PackedBy   string `json:"packed_by,omitempty"`
	// Tool is the build that checks, Builds are those that injected.
	Tool         string   `json:"tool"`
	Builds       []string `json:"builds"`
	NPU          string   `json:"npu"`
	Model        string   `json:"model"`
	SpecDigest   string   `json:"spec_digest"`
	ResultDigest string   `json:"result_digest"`
	Injections   int      `json:"injections"`
	// Seed drew the records that were injected again.
	Seed uint64 `json:"seed"`
	// Verified says that every check was done and passed.
	Verified bool          `json:"verified"`
	Checks   []VerifyCheck `json:"checks"`
	// NeverDone are things that this command leaves to others.
	NeverDone []string `json:"never_done"`
}

// VerifyCheck is one check.
type VerifyCheck struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Result is pass, fail or not_done.
	Result string `json:"result"`
	// Cases is how many things were looked at.
	Cases    int    `json:"n"`
	Measured string `json:"measured,omitempty"`
	// Reason says why it failed or was not done.
	Reason string `json:"reason,omitempty"`
}

// Failed reports that a check failed.
func (v *Verify) Failed() bool { return v.has(VerifyFail) }

// has reports a check with a result.
func (v *Verify) has(r string) bool {
	for _, c := range v.Checks {
		if c.Result == r {
			return true
		}
	}
	return false
}

// Conclude says whether everything was done and passed.
func (v *Verify) Conclude() {
	v.Verified = len(v.Checks) > 0 && !v.has(VerifyFail) && !v.has(VerifyNotDone)
}
