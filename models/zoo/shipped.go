package zoo

// shipped lists the networks in testdata/models. The figures are those that
// go run ./models/train/rebuild and the accuracy test of models/train print.
var shipped = []Network{
	{
		Name:        "fashion-dscnn",
		SHA256:      "69281efd9f84390b25cf23c009892eae1c66d1ce25bd3b015c79de9aaa8134f4",
		MACs:        552576,
		Right:       9090,
		RightOfHead: 181,
		InputShape:  []int{1, 28, 28, 1},
		Classes: []string{
			"T-shirt/top", "trouser", "pullover", "dress", "coat",
			"sandal", "shirt", "sneaker", "bag", "ankle boot",
		},
	},
	{
		Name:        "fashion-tiny",
		SHA256:      "83f321fdb0832677eb85bb4e505445202c671185b40184e706cda3b7b9b85a0b",
		MACs:        468,
		Right:       9532,
		RightOfHead: 193,
		InputShape:  []int{1, 7, 7, 1},
		Classes:     []string{"upper wear", "long wear", "footwear", "bag"},
	},
}
