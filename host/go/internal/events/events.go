// Package events finds the event of an operation in the answer of the library.
package events

import (
	"encoding/json"
	"log"
)

// Tell gives the event in an answer to a listener. What was done stays so, whatever becomes of the event.
func Tell(listen func(line []byte), answer []byte) {
	var read map[string]struct {
		Event json.RawMessage `json:"event"`
	}
	if json.Unmarshal(answer, &read) != nil {
		return
	}
	defer func() {
		if failed := recover(); failed != nil {
			log.Print("xoxzo-2fa: Events panicked: ", failed)
		}
	}()
	for _, content := range read {
		if content.Event != nil {
			listen(content.Event)
		}
	}
}
