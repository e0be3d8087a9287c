package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// lineEvery is the least time between two lines of progress where stderr is no
// terminal (our choice).
const lineEvery = 10 * time.Second

// progress shows how far a part of the work is: a bar on a terminal, lines
// elsewhere. It may be used from several goroutines.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	what  string
	total int
	done  int
	bar   *progressbar.ProgressBar // nil without a terminal
	last  time.Time
}

// progress starts to show one part of the work. A total of 0 is unknown.
func (p *program) progress(what string, total int) *progress {
	g := &progress{w: p.stderr, what: what, total: total, last: time.Now()}
	if f, ok := p.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		most := total
		if most <= 0 {
			most = -1
		}
		g.bar = progressbar.NewOptions(most, progressbar.OptionSetWriter(p.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return g
}

// set shows that done pieces are finished.
func (g *progress) set(done int) { g.setOf(done, g.total) }

// setOf is set with another total.
func (g *progress) setOf(done, total int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bar != nil {
		if total > 0 && total != g.total {
			g.bar.ChangeMax(total)
		}
		// The bar is only decoration; an error of stderr does no harm.
		_ = g.bar.Set(done)
	} else if time.Since(g.last) >= lineEvery {
		g.last = time.Now()
		fmt.Fprintf(g.w, "upset: %s: %d of %d\n", g.what, done, total)
	}
	g.done, g.total = done, total
}

// finish removes the bar.
func (g *progress) finish() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bar != nil {
		_ = g.bar.Finish()
	}
}
