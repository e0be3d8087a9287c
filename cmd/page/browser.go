package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"
)

// browsers are the names of Chromium that are looked for, Debian's first.
var browsers = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// errNoBrowser says that none is there.
var errNoBrowser = errors.New("no Chromium: install Debian's chromium-headless-shell")

// findBrowser is the file of a Chromium.
func findBrowser() (string, error) {
	for _, name := range browsers {
		if file, err := exec.LookPath(name); err == nil {
			return file, nil
		}
	}
	return "", errNoBrowser
}

// tab is a page that is open in Chromium.
type tab struct {
	ctx   context.Context
	close func()

	mu       sync.Mutex
	requests []string // addresses that were asked for
	errors   []string // of scripts
}

// openTab opens an address in a window of a size. Whatever goes to the network goes to
// the proxy.
func openTab(parent context.Context, address, proxy, downloads string, width, height int) (*tab, error) {
	file, err := findBrowser()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(file), chromedp.NoSandbox, chromedp.WindowSize(width, height))
	if proxy != "" {
		options = append(options, chromedp.ProxyServer(proxy))
	}
	t := &tab{}
	allocated, stop := chromedp.NewExecAllocator(parent, options...)
	ctx, cancel := chromedp.NewContext(allocated, chromedp.WithListener(t.hear))
	t.ctx, t.close = ctx, func() { cancel(); stop() }
	if err := t.open(address, downloads, width, height); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// hear keeps what the browser reports.
func (t *tab) hear(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.requests = append(t.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		t.errors = append(t.errors, text)
	}
}

// open opens an address.
func (t *tab) open(address, downloads string, width, height int) error {
	if _, err := chromedp.Call(t.ctx, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if downloads != "" {
		p := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: downloads}
		if _, err := chromedp.CallBrowser(t.ctx, browser.SetDownloadBehavior, p); err != nil {
			return err
		}
	}
	return chromedp.Do(t.ctx, chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(address))
}

// fileAddress is the address of a file on this machine.
func fileAddress(name string) (string, error) {
	abs, err := filepath.Abs(name)
	return "file://" + filepath.ToSlash(abs), err
}

// do runs a script.
func (t *tab) do(script string) error {
	_, err := value[int](t, script+"; 0")
	return err
}

// value runs a script and takes its value.
func value[T any](t *tab, script string) (T, error) {
	return chromedp.Run(t.ctx, chromedp.Evaluate[T](script))
}

// until waits for a condition.
func (t *tab) until(condition string, limit time.Duration) error {
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		yes, err := value[bool](t, "!!("+condition+")")
		if err != nil {
			return err
		}
		if yes {
			return nil
		}
		if time.Now().After(end) {
			said, err := value[string](t, `document.getElementById("stage").textContent + " " + document.getElementById("said").textContent`)
			return errors.Join(fmt.Errorf("after %v the page still says %q, not: %s", limit, said, condition), err)
		}
	}
}

// processor is the time in seconds that the processes of pages have had of the processor,
// with all their threads.
func (t *tab) processor() (sum float64, err error) {
	r, err := chromedp.CallBrowser(t.ctx, systeminfo.GetProcessInfo, cdp.Empty{})
	if err != nil {
		return 0, err
	}
	for _, p := range r.ProcessInfo {
		if p.Type == "renderer" {
			sum += p.CPUTime
		}
	}
	return sum, nil
}
