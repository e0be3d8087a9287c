package main

import "fmt"

// text is that of an element.
func (t *tab) text(id string) (string, error) {
	return value[string](t, fmt.Sprintf("document.getElementById(%q).textContent", id))
}

// fill sets a field of the form as a user does.
func (t *tab) fill(id, value string) error {
	return t.do(fmt.Sprintf("{const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event('change', {bubbles: true}));}", id, value))
}

// click presses a button.
func (t *tab) click(id string) error {
	return t.do(fmt.Sprintf("document.getElementById(%q).click()", id))
}
