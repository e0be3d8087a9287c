package tflite

// optionField is one field of a builtin options table: its number in the schema,
// its place in Options and its default. The width in the file follows from the
// Go type: int is 32 bits, []int a vector of 32-bit integers, string a string, the
// enumerations and bool one byte.
type optionField struct {
	id  int
	at  func(*Options) any
	def int
}

func fPadding(o *Options) any    { return &o.Padding }
func fStrideW(o *Options) any    { return &o.StrideW }
func fStrideH(o *Options) any    { return &o.StrideH }
func fDilationW(o *Options) any  { return &o.DilationW }
func fDilationH(o *Options) any  { return &o.DilationH }
func fActivation(o *Options) any { return &o.Activation }
func fAxis(o *Options) any       { return &o.Axis }
func fAsymmetric(o *Options) any { return &o.AsymmetricInputs }
func fPotScale(o *Options) any   { return &o.PotScaleInt16 }
func fNumSplits(o *Options) any  { return &o.NumSplits }
func fAlign(o *Options) any      { return &o.AlignCorners }
func fHalfPixel(o *Options) any  { return &o.HalfPixelCenters }
func fOutType(o *Options) any    { return &o.OutType }
func fBlockSize(o *Options) any  { return &o.BlockSize }

// optionTables is our schema of the builtin options tables that have fields
// (TensorFlow Lite schema). Tables that are not listed are read and written
// without fields.
var optionTables = map[OptionsKind][]optionField{
	OptionsConv2D: {
		{0, fPadding, 0}, {1, fStrideW, 0}, {2, fStrideH, 0},
		{3, fActivation, 0}, {4, fDilationW, 1}, {5, fDilationH, 1},
	},
	OptionsDepthwiseConv2D: {
		{0, fPadding, 0}, {1, fStrideW, 0}, {2, fStrideH, 0},
		{3, func(o *Options) any { return &o.DepthMultiplier }, 0},
		{4, fActivation, 0}, {5, fDilationW, 1}, {6, fDilationH, 1},
	},
	OptionsPool2D: {
		{0, fPadding, 0}, {1, fStrideW, 0}, {2, fStrideH, 0},
		{3, func(o *Options) any { return &o.FilterW }, 0},
		{4, func(o *Options) any { return &o.FilterH }, 0},
		{5, fActivation, 0},
	},
	OptionsSVDF: {
		{0, func(o *Options) any { return &o.Rank }, 0}, {1, fActivation, 0}, {2, fAsymmetric, 0},
	},
	OptionsFullyConnected: {
		{0, fActivation, 0},
		{1, func(o *Options) any { return &o.WeightsFormat }, 0},
		{2, func(o *Options) any { return &o.KeepNumDims }, 0},
		{3, fAsymmetric, 0},
	},
	OptionsSoftmax:        {{0, func(o *Options) any { return &o.Beta }, 0}},
	OptionsConcatenation:  {{0, fAxis, 0}, {1, fActivation, 0}},
	OptionsAdd:            {{0, fActivation, 0}, {1, fPotScale, 1}},
	OptionsSub:            {{0, fActivation, 0}, {1, fPotScale, 1}},
	OptionsMul:            {{0, fActivation, 0}},
	OptionsDiv:            {{0, fActivation, 0}},
	OptionsL2Norm:         {{0, fActivation, 0}},
	OptionsResizeBilinear: {{2, fAlign, 0}, {3, fHalfPixel, 0}}, // 0 and 1 are deprecated
	OptionsResizeNearest:  {{0, fAlign, 0}, {1, fHalfPixel, 0}},
	OptionsReshape:        {{0, func(o *Options) any { return &o.NewShape }, 0}},
	OptionsSqueeze:        {{0, func(o *Options) any { return &o.SqueezeDims }, 0}},
	OptionsSpaceToDepth:   {{0, fBlockSize, 0}},
	OptionsDepthToSpace:   {{0, fBlockSize, 0}},
	OptionsGather:         {{0, fAxis, 0}, {1, func(o *Options) any { return &o.BatchDims }, 0}},
	OptionsReducer:        {{0, func(o *Options) any { return &o.KeepDims }, 0}},
	OptionsStridedSlice: {
		{0, func(o *Options) any { return &o.BeginMask }, 0},
		{1, func(o *Options) any { return &o.EndMask }, 0},
		{2, func(o *Options) any { return &o.EllipsisMask }, 0},
		{3, func(o *Options) any { return &o.NewAxisMask }, 0},
		{4, func(o *Options) any { return &o.ShrinkMask }, 0},
		{5, func(o *Options) any { return &o.Offset }, 0},
	},
	OptionsSplit:         {{0, fNumSplits, 0}},
	OptionsSplitV:        {{0, fNumSplits, 0}},
	OptionsPack:          {{0, fNumSplits, 0}, {1, fAxis, 0}},
	OptionsUnpack:        {{0, fNumSplits, 0}, {1, fAxis, 0}},
	OptionsTransposeConv: {{0, fPadding, 0}, {1, fStrideW, 0}, {2, fStrideH, 0}, {3, fActivation, 0}},
	OptionsLeakyRelu:     {{0, func(o *Options) any { return &o.Alpha }, 0}},
	OptionsMirrorPad:     {{0, func(o *Options) any { return &o.MirrorMode }, 0}},
	OptionsCast:          {{0, func(o *Options) any { return &o.InType }, 0}, {1, fOutType, 0}},
	OptionsArgMax:        {{0, fOutType, 0}},
	OptionsArgMin:        {{0, fOutType, 0}},
	OptionsShape:         {{0, fOutType, 0}},
	OptionsBatchMatmul: {
		{0, func(o *Options) any { return &o.AdjX }, 0},
		{1, func(o *Options) any { return &o.AdjY }, 0},
		{2, fAsymmetric, 0},
	},
	OptionsSequenceLSTM: {
		{0, fActivation, 0},
		{1, func(o *Options) any { return &o.CellClip }, 0},
		{2, func(o *Options) any { return &o.ProjClip }, 0},
		{3, func(o *Options) any { return &o.TimeMajor }, 0},
		{4, fAsymmetric, 0},
	},
	OptionsCumsum: {
		{0, func(o *Options) any { return &o.Exclusive }, 0},
		{1, func(o *Options) any { return &o.Reverse }, 0},
	},
	OptionsCallOnce: {{0, func(o *Options) any { return &o.InitSubgraph }, 0}},
	OptionsVarHandle: {
		{0, func(o *Options) any { return &o.Container }, 0},
		{1, func(o *Options) any { return &o.SharedName }, 0},
	},
}

// readOptions decodes the options table t of the given kind.
func readOptions(t table, kind OptionsKind) Options {
	o := Options{Kind: kind}
	for _, f := range optionTables[kind] {
		switch p := f.at(&o).(type) {
		case *int:
			*p = t.int32(f.id, f.def)
		case *bool:
			*p = t.bool(f.id, f.def != 0)
		case *float32:
			*p = t.float32(f.id)
		case *[]int:
			*p = t.ints(f.id)
		case *string:
			*p = t.string(f.id)
		case *int8:
			*p = t.int8(f.id, int8(f.def))
		case *Padding:
			*p = Padding(t.int8(f.id, int8(f.def)))
		case *Activation:
			*p = Activation(t.int8(f.id, int8(f.def)))
		case *Type:
			*p = Type(t.int8(f.id, int8(f.def)))
		}
	}
	return o
}
