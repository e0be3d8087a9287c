package result

// Run is the result of one inference.
type Run struct {
	NPU    string `json:"npu"`
	Model  string `json:"model"`
	Cycles int64  `json:"cycles"`
	MACs   int64  `json:"macs"`
	// Input says where the input came from; "zero" means all-zero bytes.
	Input      string         `json:"input"`
	Operations []RunOperation `json:"operations"`
	// PMU maps counter names to values.
	PMU map[string]int64 `json:"pmu"`
	// Reading compares counters that were read elsewhere, if some were given.
	Reading     *Reading  `json:"reading,omitempty"`
	Outputs     []Output  `json:"outputs"`
	StateDigest string    `json:"state_digest"`
	Warnings    []Warning `json:"warnings"`
	Command     string    `json:"command,omitempty"`
}

// RunOperation is one NPU or CPU operation of an inference.
type RunOperation struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	// Kind is "conv", "depthwise", "pool", "elementwise", "dma", "cpu"...
	Kind   string `json:"kind"`
	Cycles int64  `json:"cycles"`
	MACs   int64  `json:"macs"`
	// Utilisation is MACs ÷ (cycles × MACs per cycle), 0 to 1.
	Utilisation float64 `json:"utilisation"`
	// ReadBytes and WriteBytes are port traffic by port name.
	ReadBytes  map[string]int64 `json:"read_bytes,omitempty"`
	WriteBytes map[string]int64 `json:"write_bytes,omitempty"`
}

// Output is one output tensor of an inference.
type Output struct {
	Name   string `json:"name"`
	Shape  []int  `json:"shape"`
	Type   string `json:"type"`
	SHA256 string `json:"sha256"`
	// Top1 is the index of the largest element of a vector, if it is one.
	Top1 *int `json:"top1,omitempty"`
}

// Sites is the inventory of one configuration, with a model also its sites.
type Sites struct {
	NPU      string       `json:"npu"`
	Model    string       `json:"model,omitempty"`
	Flops    int64        `json:"flops"`
	SRAMBits int64        `json:"sram_bits"`
	AreaGE   float64      `json:"area_ge"`
	Blocks   []SitesBlock `json:"blocks"`
	// Cycles and TotalSites (bits × cycles) are set only with a model.
	Cycles     int64     `json:"cycles,omitempty"`
	TotalSites int64     `json:"total_sites,omitempty"`
	Inventory  string    `json:"inventory,omitempty"`
	Warnings   []Warning `json:"warnings"`
	Command    string    `json:"command,omitempty"`
}

// SitesBlock is one block of the inventory.
type SitesBlock struct {
	Block    string `json:"block"`
	Flops    int64  `json:"flops"`
	SRAMBits int64  `json:"sram_bits"`
	// AreaGE is logic in gate equivalents, flops included, SRAM not.
	AreaGE     float64         `json:"area_ge"`
	FlopAreaGE float64         `json:"flop_area_ge,omitempty"`
	Registers  []SitesRegister `json:"registers"`
}

// SitesRegister is one register (or SRAM array) of a block.
type SitesRegister struct {
	Name      string `json:"name"`
	Class     string `json:"class"`
	Width     int    `json:"width"`
	Instances int    `json:"instances"`
	Bits      int64  `json:"bits"`
	SRAM      bool   `json:"sram"`
}

// ValidateEngine is the result of comparing the fast engine with the plain one,
// for one network on one configuration or for several.
type ValidateEngine struct {
	// NPU and Model are "several" where there is more than one.
	NPU   string `json:"npu"`
	Model string `json:"model"`
	Seed  uint64 `json:"seed"`
	// GoldenCycles is the length of the fault-free run; 0 for several.
	GoldenCycles int64          `json:"golden_cycles"`
	Samples      int            `json:"samples"`
	Differences  int            `json:"differences"`
	ByBlock      map[string]int `json:"by_block"`
	ByClass      map[string]int `json:"by_class"`
	ByPath       map[string]int `json:"by_path"`
	Simulated    int            `json:"simulated"`
	Pruned       int            `json:"pruned"`
	PlainCycles  int64          `json:"plain_cycles"`
	// Categories overlap: a sample may be in several.
	Categories []ValidateCategory `json:"categories"`
	// Runs lists the parts where there are several.
	Runs     []ValidateRun `json:"runs"`
	Warnings []Warning     `json:"warnings"`
}

// ValidateCategory counts the samples of a kind.
type ValidateCategory struct {
	Name        string `json:"name"`
	Samples     int    `json:"n"`
	Differences int    `json:"differences"`
	// Upper is the upper limit, at 95 %, of the share of such samples that differ.
	Upper float64 `json:"upper"`
}

// ValidateRun is the part of one network on one configuration.
type ValidateRun struct {
	NPU         string `json:"npu"`
	Model       string `json:"model"`
	Cycles      int64  `json:"golden_cycles"`
	Samples     int    `json:"samples"`
	Differences int    `json:"differences"`
	PlainCycles int64  `json:"plain_cycles"`
}
