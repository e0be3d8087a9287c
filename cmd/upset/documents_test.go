package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// quoted is a command line in a document, or a flag that it names.
type quoted struct {
	place string // file:line
	text  string
	// mention says that the line stands in a sentence, where arguments may be missing
	// altogether.
	mention bool
}

var (
	inlineCode = regexp.MustCompile("`([^`]+)`")
	// inBlock finds a command at the beginning of a line of code, behind a prompt, or
	// behind a caption that ends in spaces, as in what the program prints.
	inBlock = regexp.MustCompile(`(?:^|\$ |\S {2,})((?:upset [a-z-]|go (?:run|test|build|generate|vet) |make [a-z]).*)$`)
	asCode  = regexp.MustCompile(`^(?:upset [a-zA-Z-]|go (?:run|test|build|generate|vet) |make [a-z]).*`)
	// named finds flags that prose or code names.
	named = regexp.MustCompile("(?:^|[\\s(`\\[|/])--([a-z][a-z0-9-]*[a-z0-9])")
)

// subjects are the words that a command line begins with, behind the program's name.
var subjects = func() (names []string) {
	for _, c := range newApp(&program{}).Commands {
		names = append(names, c.Name)
	}
	return names
}()

// quotations finds every command line and every flag in the code of a document in
// Markdown: in fenced and indented blocks, and between backticks.
func quotations(name, text string) (commands, flags []quoted) {
	fenced, before := false, ""
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		l, place := lines[i], fmt.Sprintf("%s:%d", name, i+1)
		if strings.HasPrefix(strings.TrimSpace(l), "```") {
			fenced, before = !fenced, ""
			continue
		}
		indented := strings.HasPrefix(l, "    ") && (before == "" || strings.HasPrefix(before, "    "))
		before = l
		if strings.HasPrefix(l, "    vela ") || strings.Contains(l, "vela --") { // the flags of another program
			continue
		}
		for _, m := range named.FindAllStringSubmatch(l, -1) {
			flags = append(flags, quoted{place, m[1], true})
		}
		if fenced || indented {
			for strings.HasSuffix(l, `\`) && i+1 < len(lines) {
				i++
				l = strings.TrimSuffix(l, `\`) + strings.TrimSpace(lines[i])
			}
			if m := inBlock.FindStringSubmatch(strings.TrimSpace(l)); m != nil {
				commands = append(commands, quoted{place, m[1], false})
			}
			continue
		}
		// Code may go on in the next line of its paragraph.
		if i+1 < len(lines) && strings.Count(l, "`")%2 == 1 && strings.Count(lines[i+1], "`")%2 == 1 {
			l, i = l+" "+strings.TrimSpace(lines[i+1]), i+1
		}
		for _, m := range inlineCode.FindAllStringSubmatch(strings.ReplaceAll(l, `\|`, "|"), -1) {
			first, rest, _ := strings.Cut(m[1], " ")
			switch {
			case asCode.MatchString(m[1]):
				commands = append(commands, quoted{place, m[1], true})
			case strings.Contains(rest, "--") && slices.Contains(subjects, first): // without the program's name
				commands = append(commands, quoted{place, "upset " + m[1], true})
			}
		}
	}
	return commands, flags
}

// shellWords splits a command line as a shell does, up to a comment, a pipe or another
// command.
func shellWords(line string) (list []string) {
	var word strings.Builder
	inside, quote := false, rune(0)
	flush := func() {
		if inside {
			list = append(list, word.String())
		}
		word.Reset()
		inside = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inside = r, true
		case r == ' ':
			flush()
		case (r == '#' || r == '|' || r == '>' || r == '&' || r == ';') && !inside:
			return list
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	flush()
	return list
}

// documents are all that the project says in Markdown.
func documents(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "testdata/*.md", "testdata/*/*.md", "cmd/readme/README.tmpl"} {
		found, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) < 10 {
		t.Fatalf("only %v", names)
	}
	return names
}

// Every command in a document works: the command is there, has the flags, takes the
// values and as many arguments, and every flag that a text names is a flag.
func TestCommandsInDocumentsWork(t *testing.T) {
	all := map[string]bool{"help": false, "version": false}
	noteFlags(newApp(&program{}).Commands, all)
	seen := 0
	for _, name := range documents(t) {
		text := readTestFile(t, name)
		short, _ := filepath.Rel(filepath.Join("..", ".."), name)
		commands, flags := quotations(filepath.ToSlash(short), string(text))
		for _, q := range commands {
			seen++
			if err := works(q); err != nil {
				t.Errorf("%s: %s: %v", q.place, q.text, err)
			}
		}
		for _, q := range flags {
			if _, ok := all[q.text]; !ok {
				t.Errorf("%s: no command has the flag --%s", q.place, q.text)
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d commands found", seen)
	}
}

// What DEVIATIONS.md says is not there is not.
func TestWhatIsSaidToBeMissingIs(t *testing.T) {
	checked := 0
	for sentence := range strings.SplitSeq(section(t, string(readTestFile(t, "../../DEVIATIONS.md")), "## Command line"), ".\n") {
		if !strings.Contains(sentence, "Not in this version") {
			continue
		}
		for _, code := range wordsInCode(sentence) {
			checked++
			if err := works(quoted{"DEVIATIONS.md", "upset " + code, true}); err == nil {
				t.Errorf("DEVIATIONS.md says that there is no %s, which there is", code)
			}
		}
	}
	if checked == 0 {
		t.Error("nothing is said to be missing: this test has lost its sentence")
	}
}

// Every link to a file of the project leads to one, and every link within a page to a
// heading.
func TestLinksInDocumentsLead(t *testing.T) {
	seen := 0
	for _, name := range documents(t) {
		text := string(readTestFile(t, name))
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			file, part, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			seen++
			target, dir := name, filepath.Dir(name)
			if strings.HasSuffix(name, ".tmpl") { // it becomes the README
				dir = filepath.Join("..", "..")
			}
			if file != "" {
				target = filepath.Join(dir, filepath.FromSlash(file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", name, m[0], err)
				continue
			}
			if part != "" && !slices.Contains(anchors(string(readTestFile(t, target))), part) {
				t.Errorf("%s: %s: there is no such heading", name, m[0])
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d links found", seen)
	}
}

// link is one of Markdown, with its target.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// anchors are the names of a page's headings, as they are made of them in links.
func anchors(text string) (list []string) {
	for l := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(l, "#"), " "); ok && strings.HasPrefix(l, "#") {
			list = append(list, notAnchor.ReplaceAllString(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(title)), " ", "-"), ""))
		}
	}
	return list
}

var notAnchor = regexp.MustCompile(`[^a-z0-9_-]`)

// Every command in the help texts works as well.
func TestCommandsInHelpWork(t *testing.T) {
	seen := 0
	var look func(list []*cli.Command, parent string)
	look = func(list []*cli.Command, parent string) {
		for _, c := range list {
			name := parent + " " + c.Name
			look(c.Subcommands, name)
			for l := range strings.Lines(c.Description) {
				if m := inBlock.FindStringSubmatch(strings.TrimSpace(l)); m != nil && strings.HasPrefix(l, "  ") {
					seen++
					if err := works(quoted{name, m[1], false}); err != nil {
						t.Errorf("%s --help: %s: %v", name, m[1], err)
					}
				}
			}
		}
	}
	look(newApp(&program{}).Commands, "upset")
	if seen < 20 {
		t.Errorf("only %d commands found", seen)
	}
}

// Every flag that takes a text is known to the test of documents, so that a wrong value
// in one is noticed.
func TestValuesInDocumentsAreKnown(t *testing.T) {
	var look func(list []*cli.Command)
	look = func(list []*cli.Command) {
		for _, c := range list {
			look(c.Subcommands)
			for _, f := range c.Flags {
				if s, ok := f.(*cli.StringFlag); ok && legal[s.Name] == nil && !slices.Contains(free, s.Name) {
					t.Errorf("%s --%s: neither its values nor that it takes any name stand here", c.Name, s.Name)
				}
			}
		}
	}
	look(newApp(&program{}).Commands)
}

func TestWrongCommandsInDocumentsAreFound(t *testing.T) {
	for _, c := range []struct {
		text, want string
	}{
		{"    upset asses MODEL", "unknown command"},
		{"Say `upset run MODEL --no-such-flag` or so.", "no-such-flag"},
		{"Say `upset run MODEL\n--seeds 3` or so.", "seeds"},
		{"```\n$ upset campaign run MODEL --npu u55-512\n```", "u55-512"},
		{"    go run ./cmd/upset protect a --options most", "most"},
		{"    upset campaign run MODEL --injections ten", "whole number"},
		{"    upset report", "takes the arguments"},
		{"    upset report a b", "takes the arguments"},
		{"    upset compare a", "takes the arguments"},
		{"    upset campaign", "needs a command"},
		{"    upset run testdata/models/no-such.tflite", "no file"},
		{"    upset select run no-such-task", "no-such-task"},
		{"```\nrepeat    upset inject MODEL --sight 3\n```", "sight"},
		{"    upset run MODEL \\\n      --flag", "flag"},
		{"    go run ./cmd/studies", "no program"},
		{"    go run ./faults", "no program"},
		{"    go run ./cmd/study -measures", "no flag -measures"},
		{"    go test ./no/such", "no such file"},
		{"Say `make gold`.", "no target"},
		{"Say `report --doubtful`.", "doubtful"},
		{"Say `upset report a b`.", "takes the arguments"},
	} {
		commands, _ := quotations("x.md", c.text)
		if len(commands) != 1 {
			t.Errorf("%s: found %v", c.text, commands)
			continue
		}
		if err := works(commands[0]); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
	for _, text := range []string{
		"    upset campaign run MODEL --injections N --npu u55-32|u55-64 | jq .", "`upset COMMAND --help`", "`upset select list`", "`upset report CAMPAIGN --format json > x`",
		"    go run ./cmd/study -measure   # anew", "`go test ./faults -run '^$' -bench Rate`", "`upset sites`", "`upset protect a b c --mix 0.5,0.25,0.25`", "`upset run` alone", "`report --doubly-robust` alone",
	} {
		commands, _ := quotations("x.md", text)
		if len(commands) != 1 {
			t.Errorf("%s: found %v", text, commands)
			continue
		}
		if err := works(commands[0]); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What the warning of random inputs says of their effect was measured.
func TestEffectOfRandomInputsIsMeasured(t *testing.T) {
	if !strings.Contains(string(readTestFile(t, "../../docs/inputs.md")), "*"+randomEffect+"*") {
		t.Errorf("docs/inputs.md does not say %q", randomEffect)
	}
}
