package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	dir := os.Getenv("TRY")
	if dir == "" {
		t.Skip()
	}
	a, _ := fileAddress(filepath.Join(dir, "index.html"))
	b, err := openTab(context.Background(), a, "", t.TempDir(), 1100, 900)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	began := time.Now()
	defer func() { t.Log(b.errors); t.Log(b.requests); b.picture("/tmp/probe/a.png") }()
	if err := b.until(`document.body.dataset.ready`, 5*time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Log("ready", time.Since(began))
	b.picture("/tmp/probe/start.png")
	began = time.Now()
	b.click("run")
	time.Sleep(5 * time.Second)
	b.picture("/tmp/probe/running.png")
	if err := b.until(`!busy`, 5*time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Log("ran", time.Since(began))
	s, _ := b.text("digests")
	t.Log(s)
	s, _ = b.text("said")
	t.Log(s)
	b.picture("/tmp/probe/result.png")
	b.click("tell")
	if err := b.until(`!busy`, time.Minute); err != nil {
		t.Fatal(err)
	}
	s, _ = b.text("steps")
	t.Log(s)
	b.do("move(3)")
	b.picture("/tmp/probe/story.png")
}
