package weights

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/network"
	"upset/npu/isa"
)

// large is the network that is measured in the long version only.
const large = "mobilenet"

// TestPage keeps docs/weights.md in step with the encoder and the compiler: the
// rows of all networks but the large one, and in the long version the whole page.
func TestPage(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	full := os.Getenv("UPSET_FULL") == "1"
	var list []*Comparison
	for _, c := range isa.Configs {
		names, err := Networks(filepath.Join(dir, "vela"), c)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) < 10 {
			t.Fatalf("%v: only %d networks", c, len(names))
		}
		for _, n := range names {
			if strings.HasPrefix(n, large) && !full {
				continue
			}
			r, err := Compare(filepath.Join(dir, "vela"), filepath.Join(dir, "models"), n, c)
			if err != nil {
				t.Fatal(err)
			}
			if r != nil {
				list = append(list, r)
			}
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "weights.md"))
	if err != nil {
		t.Fatal(err)
	}
	const again = "go run ./models/weights/generate"
	if full {
		var b bytes.Buffer
		if err := Write(&b, list); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), page) {
			t.Errorf("docs/weights.md is out of date: %s", again)
		}
	}
	have := strings.Split(string(page), "\n")
	for _, c := range list {
		if !slices.Contains(have, row(c)) {
			t.Errorf("docs/weights.md lacks the row %q: %s", row(c), again)
		}
		if c.Ratio() > 1+Tolerance || c.CompiledRatio() > 1+Tolerance {
			t.Errorf("%s on %v: %d bytes, compiled %d, Vela %d", c.Network, c.Config, c.Encoded, c.Compiled, c.Vela)
		}
	}
	if all := total(list); all.Ratio() < 1-Tolerance || all.CompiledRatio() < 1-Tolerance {
		t.Errorf("all networks: %d bytes, compiled %d, Vela %d", all.Encoded, all.Compiled, all.Vela)
	}
}

// TestVerdict checks that the page says when the bound is missed.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		encoded, compiled int
		want              string
	}{{1000, 1000, "**met**"}, {1049, 951, "**met**"}, {1051, 1000, "**not met**"}, {1000, 940, "**not met**"}} {
		var b bytes.Buffer
		if err := Write(&b, []*Comparison{{Network: "n", Streams: 1, Vela: 1000, Encoded: c.encoded, Compiled: c.compiled}}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.want) {
			t.Errorf("%d and %d for 1000: no %s", c.encoded, c.compiled, c.want)
		}
	}
}

// TestStreams follows transfers, counts a stream once and refuses weights from
// nowhere.
func TestStreams(t *testing.T) {
	program := func(region, base uint32) *network.Program {
		var s isa.Stream
		s.Set(isa.DMA0Src, 32)
		s.Set(isa.DMA0Dst, 1024)
		s.Set(isa.DMA0Len, 64)
		s.Set(isa.DMA0DstRegion, 1)
		s.Op(isa.OpDMAStart, 0)
		s.Set(isa.WeightRegion, region)
		s.Set(isa.WeightBase, base)
		s.Set(isa.WeightLength, 16)
		s.Op(isa.OpConv, 0)
		s.Op(isa.OpConv, 0)
		return &network.Program{Commands: s.Words, Flash: make([]byte, 128)}
	}
	for _, c := range []struct {
		region, base uint32
		want         int // -1 for an error
	}{{0, 48, 48}, {1, 1040, 48}, {1, 1080, -1}, {0, 120, -1}, {1, 512, -1}} {
		found, err := streams(program(c.region, c.base))
		if (err != nil) != (c.want < 0) {
			t.Errorf("region %d base %d: %v", c.region, c.base, err)
		}
		if err == nil && (len(found) != 1 || found[0].at != c.want) {
			t.Errorf("region %d base %d: %v, want one stream at %d", c.region, c.base, found, c.want)
		}
	}
}
