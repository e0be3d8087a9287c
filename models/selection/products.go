package selection

// ProductTasks are the publications whose algorithms are parts of this program
// rather than workloads of the NPU, and those without an algorithm, with the part that
// does what they describe.
func ProductTasks() []Task {
	return []Task{
		{
			Name: "soft-error-resiliency", Title: "Characterizing Soft-Error Resiliency in Arm's Ethos-U55 Embedded Machine Learning Accelerator",
			Family: "campaign", Kind: Product, Utility: "objective", Mechanism: "knapsack", Metric: Value,
			Where: "upset assess, upset protect: flop injections by block, the cheapest selective protection and its proof",
		},
		{
			Name: "flow-search", Title: "Multi-Objective GFlowNets",
			Family: "campaign", Kind: Product, Utility: "objective", Mechanism: "sampling", Metric: Value,
			Where: "upset protect --searcher flow: beside the exact search, with its share of the exact Pareto front",
		},
		{
			Name: "adaptive-sampling", Title: "Adaptive Sampling Strategies to Construct Equitable Training Datasets",
			Family: "campaign", Kind: Product, Utility: "variance", Mechanism: "sampling", Metric: Value,
			Where: "faults/campaign: --sampling adaptive",
		},
		{
			Name: "functional-hashing", Title: "Unified Functional Hashing in Automatic Machine Learning",
			Family: "campaign", Kind: Product, Utility: "similarity", Mechanism: "deduplication", Metric: Set,
			Where: "faults: --cache, outcomes by the state of the machine",
		},
		{
			Name: "model-evaluation", Title: "Model Evaluation, Model Selection, and Algorithm Selection in Machine Learning",
			Family: "statistics", Kind: Product, Utility: "objective", Mechanism: "testing", Metric: Value,
			Where: "stats: Interval, Combine, McNemar, Holm; upset compare, upset select campaign",
		},
		{
			Name: "invalid-instrument", Title: "Selective Machine Learning of the Average Treatment Effect with an Invalid Instrumental Variable",
			Family: "statistics", Kind: Product, Utility: "variance", Mechanism: "minimax", Metric: Value,
			Where: "upset report --doubly-robust: cross-fitted, the proxy chosen by the least worst change; faults are drawn at random, so that no instrument is needed",
		},
		{
			Name: "block-descent", Title: "Let's Make Block Coordinate Descent Converge Faster: Faster Greedy Rules, Message-Passing, Active-Set Complexity, and Superlinear Convergence",
			Family: "training", Kind: Product, Utility: "influence", Mechanism: "greedy", Metric: Value,
			Where: "stats/descent: the sparse proxy of upset report --doubly-robust",
		},
		{
			Name: "inductive-bias", Title: "Towards Exact Computation of Inductive Bias",
			Family: "audit", Kind: Product, Utility: "complexity", Mechanism: "sampling", Metric: Value,
			Where: "upset select audit: bits that the rows of a pool leave open",
		},
		{
			Name: "generalization-difficulty", Title: "Model-agnostic Measure of Generalization Difficulty",
			Family: "audit", Kind: Product, Utility: "complexity", Mechanism: "sampling", Metric: Value,
			Where: "upset select audit: bits in all, and the dimension of the rows",
		},
		{
			Name: "ecologists-review", Title: "Machine Learning and Deep Learning -- A review for Ecologists",
			Family: "guide", Kind: Product, Utility: "purpose", Mechanism: "table", Metric: Value,
			Where: "docs/choosing.md: which workload, family and metric for which use; a review has no algorithm of its own",
		},
		{
			Name: "data-selection-survey", Title: "A Survey on Data Selection for Language Models",
			Family: "guide", Kind: Product, Utility: "taxonomy", Mechanism: "table", Metric: Value,
			Where: "upset select list, --utility, --mechanism: its taxonomy over all tasks; a survey has no algorithm of its own",
		},
		{
			Name: "three-functions", Title: "Redco: A Lightweight Tool to Automate Distributed Training of LLMs on Any GPU/TPUs",
			Family: "guide", Kind: Product, Utility: "purpose", Mechanism: "interface", Metric: Value,
			Where: "docs/cluster.md, upset select new: inputs, observation and verdict of a campaign as three functions; a task is a scorer, a rule and a check",
		},
		{
			Name: "offline-page", Title: "asanAI: In-Browser, No-Code, Offline-First Machine Learning Toolkit",
			Family: "guide", Kind: Product, Utility: "purpose", Mechanism: "interface", Metric: Value,
			Where: "docs/page.md: the engine in a browser, as one page that needs no network",
		},
	}
}
