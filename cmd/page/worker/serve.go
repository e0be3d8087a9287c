// The command worker is the engine behind the page: it takes requests and answers them one
// after the other. In a browser it is WebAssembly in a worker, and messages are its input
// and output. Elsewhere it reads requests from standard input and prints answers, a line of
// JSON each, which is what the page is compared with:
//
//	echo '{"do":"run","request":{"model":"testdata/models/fashion-tiny.tflite"}}' | go run ./cmd/page/worker
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"upset/cmd/page/job"
)

// ask is a message to the engine.
type ask struct {
	ID      int         `json:"id"`
	Do      string      `json:"do"` // look, run or tell
	Request job.Request `json:"request"`
	Site    string      `json:"site"`  // of tell
	Input   int         `json:"input"` // of tell
}

// message is one from the engine: kind is progress, note, answer or error.
type message struct {
	ID int `json:"id"`
	job.Event
	Answer any `json:"answer,omitempty"`
}

// server answers requests in a folder for logs.
type server struct {
	session *job.Session
	id      int
	send    func(message)
}

func newServer(dir string, send func(message)) *server {
	s := &server{send: send}
	s.session = job.New(dir, func(e job.Event) { send(message{ID: s.id, Event: e}) })
	return s
}

// serve answers one request.
func (s *server) serve(ctx context.Context, text []byte) {
	answer, err := s.answer(ctx, text)
	m := message{ID: s.id, Event: job.Event{Kind: "answer"}, Answer: answer}
	if err != nil {
		m = message{ID: s.id, Event: job.Event{Kind: "error", What: job.Line(err)}}
	}
	s.send(m)
}

func (s *server) answer(ctx context.Context, text []byte) (any, error) {
	var a ask
	err := json.Unmarshal(text, &a)
	s.id = a.ID
	if err != nil {
		return nil, fmt.Errorf("a request that cannot be read: %w", err)
	}
	switch a.Do {
	case "look":
		return job.Look(ctx, a.Request)
	case "run":
		return s.session.Run(ctx, a.Request)
	case "tell":
		return s.session.Tell(ctx, a.Site, a.Input)
	}
	return nil, fmt.Errorf("unknown request %q", a.Do)
}
