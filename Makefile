# Everything a contributor needs: make test, make check.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: test check full bench profile generate synth bench-rtl lint-rtl verilate golden readme page pictures dist arm64 torture fuzz growth

test:
	go test ./...

check:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "not formatted: $$files"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...

# Every network, every input, every configuration; takes long.
full:
	UPSET_FULL=1 go test -json -timeout 6h ./... > full.log || true
	go run .ci/testlog.go -full -summary docs/full.md < full.log
	rm -f full.log

bench:
	go test -run '^$$' -bench . -benchtime 2s ./...

# Which calls are worth inlining in the program, from injections into two networks.
profile:
	go test -trimpath ./faults/engine -run '^$$' -bench Rate -benchtime 2x -cpuprofile $(CURDIR)/cmd/upset/default.pgo -o /dev/null

generate:
	go generate ./...

# The netlists of the Verilog blocks; needs yosys.
synth:
	go run ./netlist/rtl/generate

# The test benches of the Verilog; needs iverilog.
bench-rtl:
	go run ./netlist/rtl/bench

# Verilator's warnings for all Verilog; needs verilator.
lint-rtl:
	go run ./netlist/rtl/verilate -lint

# The Verilog itself beside the machine, all blocks; needs verilator and g++, takes long.
verilate:
	go run ./netlist/rtl/verilate -json netlist/rtl/verilated.json

# After a change of the machine that is meant: rewrite the stored outputs.
golden:
	go test ./cmd/upset -run TestGolden -update

# README.md with what the commands print now.
readme:
	go run ./cmd/readme

# The simulator as one page for a browser, page/index.html.
page:
	go run ./cmd/page -out page

# The pictures of a report and of the page in the documents, taken in Chromium.
pictures:
	go run ./cmd/page -pictures docs

# Static programs for linux, macOS and windows on amd64 and arm64, with checksums; VERSION
# names a release.
dist:
	go run ./cmd/dist -out dist -version '$(VERSION)'

# The tests of the arithmetic on an emulated arm64, where no vector code is; needs
# qemu-aarch64.
arm64:
	.ci/arm64

# Kills processes at random, breaks disks, and counts what is lost; SEED and KILLS say which
# and how many. The full disk needs root.
SEED = 1
KILLS = 100
torture:
	go run ./faults/endurance/generate -kills $(KILLS) -seed $(SEED)

# Fuzzes every target for a TIME, or, with BUDGET, for that core time in all those that have had least; what is found
# is added to docs/endurance.md. It names those that are too slow to find anything.
fuzz: TIME ?= 1m
fuzz:
	go run ./faults/endurance/generate -fuzz $(TIME) $(if $(BUDGET),-budget $(BUDGET)) -store

# The memory of a campaign over a TIME, with its slope.
growth: TIME ?= 1h
growth:
	go run ./faults/endurance/generate -growth $(TIME)
