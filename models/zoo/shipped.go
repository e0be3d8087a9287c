package zoo

// shipped lists the networks in testdata/models. The figures are those that
// go run ./models/train/rebuild and the accuracy test of models/train print.
var shipped = []Network{
	{
		Name:        "fashion-dscnn",
		SHA256:      "134253a877d700b3b586429ea845d1165dba634a64e0ecb02c1e2229d1fc0274",
		MACs:        500832,
		Right:       9019,
		RightOfHead: 182,
		InputShape:  []int{1, 28, 28, 1},
		Classes: []string{
			"T-shirt/top", "trouser", "pullover", "dress", "coat",
			"sandal", "shirt", "sneaker", "bag", "ankle boot",
		},
	},
	{
		Name:        "fashion-tiny",
		SHA256:      "8f15b69835f04faf8209675d7c141a47cce51c0aad07b0cbee1568d740cacf83",
		MACs:        208,
		Right:       9435,
		RightOfHead: 194,
		InputShape:  []int{1, 7, 7, 1},
		Classes:     []string{"upper wear", "long wear", "footwear", "bag"},
	},
	{
		Name:        "fashion-nano",
		SHA256:      "9924ec4e94d830ee103a5f8cafde7b47d94c9f6b8a949e2a57828a638e06f14e",
		MACs:        84,
		Right:       9855,
		RightOfHead: 200,
		InputShape:  []int{1, 4, 4, 1},
		Classes:     []string{"clothes", "footwear", "bag"},
	},
}
