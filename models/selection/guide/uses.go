package main

import "upset/models/selection"

// use is something that somebody wants to have decided, with the kind of outcome that
// it has and what a fault can do to it.
type use struct {
	want    string // in words of the field
	field   string // an example outdoors
	family  string
	metrics []selection.Metric
	ask     string // what to ask of a campaign
}

// uses are ours; the test sees that every task of the NPU serves exactly one.
var uses = []use{
	{
		"stop early, or send on only what is unclear", "a camera trap that wakes the large network for doubtful pictures alone", "exit", []selection.Metric{selection.Depth},
		"share of changed depths: a row that leaves too early is a wrong answer, one that goes on costs time and battery",
	},
	{
		"report only what is sure", "a list of sightings with a bound on its false ones", "exit", []selection.Metric{selection.Accept},
		"flipped acceptances, and the share of false ones among those accepted; look at rare classes one by one, since a mean hides them",
	},
	{
		"send each item to the model that knows it", "one network for day and one for night", "route", []selection.Metric{selection.Route},
		"share of changed routes, and whether the answer changes with them; the router is small and worth protecting first",
	},
	{
		"choose those who will answer", "which farms to ask for a survey", "route", []selection.Metric{selection.Set},
		"the share of the chosen who change, and the yield that is lost; a fault in a gate moves many at once",
	},
	{
		"pick a few items that stand for many", "which recordings an expert labels this week", "cover", []selection.Metric{selection.Set, selection.Weights, selection.Value},
		"regret, not the share of changed sets: two items that are near to each other may change places without harm",
	},
	{
		"keep what is worth learning from", "recordings without wrong labels", "loss", []selection.Metric{selection.Set},
		"regret under the objective of the filter; one wrong score moves one item",
	},
	{
		"take a model's own answer where it is right", "labels that a network may give itself", "loss", []selection.Metric{selection.Accept},
		"wrong acceptances: they stay in the training set",
	},
	{
		"choose variables, sources, or samples to forget", "which of forty sensors to keep", "edit", []selection.Metric{selection.Set, selection.Weights},
		"the share of chosen ones that a fault exchanges, and the loss that follows",
	},
	{
		"change a network in the field", "a species that must no longer be reported, two networks merged into one", "edit", []selection.Metric{selection.Label, selection.Route},
		"whether what was removed comes back, which no mean accuracy shows",
	},
	{
		"follow a stream with a state", "a microphone that listens without end", "sequence", []selection.Metric{selection.Label, selection.Value},
		"how long a wrong state lives: `--exposure state`",
	},
	{
		"know whether a model can be trusted elsewhere", "another valley, another year", "audit", []selection.Metric{selection.Accept, selection.Set, selection.Label},
		"the same shares, group by group: a fault must not hit one group more than another",
	},
}

// kind is a type of task in the field with the networks that people use for it.
type kind struct{ task, networks, onNPU, here string }

// kinds follow the tasks that "Machine Learning and Deep Learning — A review for
// Ecologists" (Pichler and Hartig, 2023) sorts by; what the NPU runs is what upset check
// says of such networks.
var kinds = []kind{
	{"name what is on a picture", "convolutional network", "yes", "`fashion-dscnn`, `window-cascade`"},
	{"find empty pictures", "small convolutional network", "yes", "`window-cascade`, `conformal-selection`"},
	{"name a sound", "convolutional network on a spectrogram", "yes", "`upset check` of a keyword network"},
	{"notice what is unusual", "autoencoder", "yes", "`quick-selection`"},
	{"predict from a table of variables", "trees, or a network of dense layers", "networks yes, trees no", "`feature-set`, `gradient-boosting`"},
	{"follow a time series", "recurrent network or state space model", "yes, with the state in the arena", "`token-dynamics`"},
	{"read text or long sequences", "Transformer", "no: it multiplies activations by activations; linear attention stands in", "`context-learner`"},
	{"label with few examples", "active learning, few-shot learning", "the network yes, the choice runs on the host", "`probability-kcentre`, `facility-location`, `influence-graph`"},
}

// metrics say what each kind of outcome is and when two of them are the same.
var metrics = []struct {
	metric selection.Metric
	text   string
}{
	{selection.Label, "the class of every row; for rare classes take the recall of each class, not the mean"},
	{selection.Set, "the rows chosen, in any order; distance is 1 − Jaccard index, harm is regret"},
	{selection.Route, "the expert of every row; distance is the share of rows"},
	{selection.Depth, "the last stage run for every row; distance is the share of rows, and also time"},
	{selection.Accept, "yes or no for every row; distance is the share of rows, harm the false yes"},
	{selection.Weights, "the weights chosen; distance relative to their size"},
	{selection.Value, "figures found; distance relative to their size"},
}
