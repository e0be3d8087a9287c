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

// Times of the lines of progress where stderr is no terminal (our choice): the least
// between two of them, and the longest silence.
const (
	lineEvery      = 10 * time.Second
	longestSilence = time.Minute
)

// lockedWriter lets several goroutines write whole lines.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write passes data on.
func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// terminal reports whether a stream of the program is one.
func terminal(w io.Writer) bool {
	if l, ok := w.(*lockedWriter); ok {
		w = l.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress shows how far a part of the work is: a bar on a terminal, lines
// elsewhere. It may be used from several goroutines.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	what  string
	total int
	done  int
	bar   *progressbar.ProgressBar // nil without a terminal
	began time.Time
	last  time.Time
	stop  chan struct{}
	once  sync.Once
}

// progress starts to show one part of the work. A total of 0 is unknown.
func (p *program) progress(what string, total int) *progress {
	g := &progress{w: p.stderr, what: what, total: total, began: time.Now(), last: time.Now(), stop: make(chan struct{})}
	if terminal(p.stderr) {
		most := total
		if most <= 0 {
			most = -1
		}
		g.bar = progressbar.NewOptions(most, progressbar.OptionSetWriter(p.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	go g.speak(longestSilence)
	return g
}

// speak shows that the work goes on where nothing else was shown for some time.
func (g *progress) speak(after time.Duration) {
	t := time.NewTicker(after / 4)
	defer t.Stop()
	for {
		select {
		case <-g.stop:
			return
		case <-t.C:
		}
		g.mu.Lock()
		if g.bar != nil {
			_ = g.bar.RenderBlank() // only decoration
		} else if time.Since(g.last) >= after {
			g.last = time.Now()
			fmt.Fprintf(g.w, "upset: %s: %s, %d s so far\n", g.what, g.count(), int(time.Since(g.began).Seconds()))
		}
		g.mu.Unlock()
	}
}

// count is how much is done, in words.
func (g *progress) count() string {
	if g.total <= 0 {
		return fmt.Sprint(g.done)
	}
	return fmt.Sprintf("%d of %d", g.done, g.total)
}

// set shows that done pieces are finished.
func (g *progress) set(done int) { g.setOf(done, g.total) }

// setOf is set with another total.
func (g *progress) setOf(done, total int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.total
	g.done, g.total = done, total
	if g.bar != nil {
		if total > 0 && total != was {
			g.bar.ChangeMax(total)
		}
		// The bar is only decoration; an error of stderr does no harm.
		_ = g.bar.Set(done)
	} else if time.Since(g.last) >= lineEvery {
		g.last = time.Now()
		fmt.Fprintf(g.w, "upset: %s: %s\n", g.what, g.count())
	}
}

// finish removes the bar.
func (g *progress) finish() {
	g.once.Do(func() { close(g.stop) })
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bar != nil {
		_ = g.bar.Finish()
	}
}
