package main

const head = `# Selection under faults

This page and its figures are written by

    go run ./faults/decision/generate

from what lies in docs/selection, which ` + "`-measure -faults %d`" + ` measures where it is not there yet: first the classifier with
its protection, then task by task. Each task is stored when it is done, so that a broken measurement goes on where it was.

Selection algorithms ask the NPU (here %s) for inferences, and a small rule on the host decides: which rows to accept,
where to route them, which set represents the rest. What do soft errors do to these decisions, and is a protection that
was sized for a classifier (%s) enough for them?

Every task and the classifier meet the same list of %s faults (seed %d): a flop, a point in the time that the inferences of
the fault-free decision take, and a point in the inference that this falls into. What that decision does not ask for is
not executed and cannot be struck. The struck inference is simulated again, on the cycle-level machine with all its queues and
buffers, and the rule decides anew with its answer; inferences that it then asks for besides are simulated too. *Changed*: the
decision is another one. *Consequential*: its loss under the rule's own objective is above the task's epsilon.
` + "`upset select campaign TASK`" + ` does the same for one task.
`

const familyText = `
## Family by family

*Left*: percent of the faults that are consequential with the classifier's protection, for the task of the family with the most.
*Enough*: for every task of the family the exact binomial test rejects that %s %% of the faults or more are left; the family's P
is the largest of its tasks, corrected after Holm over the families, and the confidence is what is missing from 1. *Not enough*:
for a task it is shown that more is left (Holm over all tasks). Both at %s %%. *Paired*: faults that matter to that task
alone / that change the class of the classifier alone, both protected, with the difference in percentage points and P of
McNemar's test (Holm over all tasks). *Block*: where the most consequential faults are left, with P of McNemar's test against the
classifier in that block (Holm over all tasks and blocks), and what would be left without them.

| family | tasks | worst task | left | enough? | confidence | paired | block | left without it |
|---|---:|---|---:|---|---:|---|---|---|
`

const correctedText = `
## Corrected shares

%s

Earlier figures (%s faults) drew the struck inference over all rows of all networks, those that no decision asks for and the
baselines of the checks included, so that faults without any way to the decision diluted the shares of these tasks. Some tasks
have changed besides: gradient-boosting runs one inference for each exit. Percent of the faults; only the columns named
*earlier* are of older rules.

| task | inferences executed | changed, earlier | corrected | consequential, earlier | corrected |
|---|---|---:|---:|---:|---:|
`

const protectionText = `
## What the protection of the classifier leaves

Design: %s. It is the cheapest of the option set *paper* with which %s meets ASIL-D where a wrong class violates
(%s by a campaign of its own: at most %s FIT, SPFM at least %s %%), at %s %% of the logic area.

The same faults, with the mechanisms simulated. A fault counts as harmful where the decision is consequential. Rates: %s,
%s FIT for each of %s flops; budget %s FIT; SPFM at least %s %%. Limits are one-sided, at %s %%. Faults in the
mechanisms themselves are left out.

| family | task | consequential before, %% | after, %% | residual before, FIT at most | after | SPFM before, %% at least | after | enough |
|---|---|---:|---:|---:|---:|---:|---:|---|
`

const tail = `
## What this leaves out

Up to 24 inferences of each network are struck, spread over all that the decision takes. Pools, networks and rules are those of
seed 1; other seeds are other networks. The rules themselves run on the host and are not struck. Epsilon and the objectives are
those of the tasks: a consequence is not a hazard analysis.
`
