package isa

// Reg numbers the registers that SET commands fill. The shift that travels in
// the parameter of a scale command is a register of its own.
type Reg uint8

// The SET registers.
const (
	IFMPadTop Reg = iota
	IFMPadLeft
	IFMPadRight
	IFMPadBottom
	IFMDepthM1
	IFMPrecision
	IFMUpscale
	IFMZeroPoint
	IFMWidth0M1
	IFMHeight0M1
	IFMHeight1M1
	IFMIBEnd
	IFMRegion
	OFMWidthM1
	OFMHeightM1
	OFMDepthM1
	OFMPrecision
	OFMBlkWidthM1
	OFMBlkHeightM1
	OFMBlkDepthM1
	OFMZeroPoint
	OFMWidth0M1
	OFMHeight0M1
	OFMHeight1M1
	OFMRegion
	KernelWidthM1
	KernelHeightM1
	KernelStride
	AccFormat
	Activation
	ActivationMin
	ActivationMax
	WeightRegion
	ScaleRegion
	ABStart
	BlockDep
	DMA0SrcRegion
	DMA0DstRegion
	IFM2Broadcast
	IFM2Scalar
	IFM2Precision
	IFM2ZeroPoint
	IFM2Width0M1
	IFM2Height0M1
	IFM2Height1M1
	IFM2IBStart
	IFM2Region
	IFMBase0
	IFMBase1
	IFMBase2
	IFMBase3
	IFMStrideX
	IFMStrideY
	IFMStrideC
	OFMBase0
	OFMBase1
	OFMBase2
	OFMBase3
	OFMStrideX
	OFMStrideY
	OFMStrideC
	WeightBase
	WeightLength
	ScaleBase
	ScaleLength
	OFMScale
	OFMScaleShift
	OPAScale
	OPAScaleShift
	OPBScale
	DMA0Src
	DMA0Dst
	DMA0Len
	IFM2Base0
	IFM2Base1
	IFM2Base2
	IFM2Base3
	IFM2StrideX
	IFM2StrideY
	IFM2StrideC
	NumRegs // number of SET registers
)

// RegInfo describes one SET register: opcode, how its value travels, name and
// the bits that exist (Arm U55 register header).
type RegInfo struct {
	Opcode uint16
	Via    Via
	Name   string
	Mask   uint32
	Shift  int16 // register that takes the command's parameter, or -1
}

// Via says which part of a command carries a register's value.
type Via uint8

// Carriers of a register value.
const (
	ViaParam   Via = 0 // the 16-bit parameter of a one-word command
	ViaPayload Via = 1 // the 32-bit payload of a two-word command
	ViaShift   Via = 2 // the parameter of a two-word command
)

// Table is the one description of all SET registers, indexed by Reg.
var Table = [NumRegs]RegInfo{
	IFMPadTop:      {0x100, 0, "NPU_SET_IFM_PAD_TOP", 0x7f, -1},
	IFMPadLeft:     {0x101, 0, "NPU_SET_IFM_PAD_LEFT", 0x7f, -1},
	IFMPadRight:    {0x102, 0, "NPU_SET_IFM_PAD_RIGHT", 0xff, -1},
	IFMPadBottom:   {0x103, 0, "NPU_SET_IFM_PAD_BOTTOM", 0xff, -1},
	IFMDepthM1:     {0x104, 0, "NPU_SET_IFM_DEPTH_M1", 0xffff, -1},
	IFMPrecision:   {0x105, 0, "NPU_SET_IFM_PRECISION", 0xc3cd, -1},
	IFMUpscale:     {0x107, 0, "NPU_SET_IFM_UPSCALE", 0x3, -1},
	IFMZeroPoint:   {0x109, 0, "NPU_SET_IFM_ZERO_POINT", 0xffff, -1},
	IFMWidth0M1:    {0x10a, 0, "NPU_SET_IFM_WIDTH0_M1", 0xffff, -1},
	IFMHeight0M1:   {0x10b, 0, "NPU_SET_IFM_HEIGHT0_M1", 0xffff, -1},
	IFMHeight1M1:   {0x10c, 0, "NPU_SET_IFM_HEIGHT1_M1", 0xffff, -1},
	IFMIBEnd:       {0x10d, 0, "NPU_SET_IFM_IB_END", 0x3f, -1},
	IFMRegion:      {0x10f, 0, "NPU_SET_IFM_REGION", 0x8007, -1},
	OFMWidthM1:     {0x111, 0, "NPU_SET_OFM_WIDTH_M1", 0xffff, -1},
	OFMHeightM1:    {0x112, 0, "NPU_SET_OFM_HEIGHT_M1", 0xffff, -1},
	OFMDepthM1:     {0x113, 0, "NPU_SET_OFM_DEPTH_M1", 0xffff, -1},
	OFMPrecision:   {0x114, 0, "NPU_SET_OFM_PRECISION", 0xc1c7, -1},
	OFMBlkWidthM1:  {0x115, 0, "NPU_SET_OFM_BLK_WIDTH_M1", 0x3f, -1},
	OFMBlkHeightM1: {0x116, 0, "NPU_SET_OFM_BLK_HEIGHT_M1", 0x1f, -1},
	OFMBlkDepthM1:  {0x117, 0, "NPU_SET_OFM_BLK_DEPTH_M1", 0x7f, -1},
	OFMZeroPoint:   {0x118, 0, "NPU_SET_OFM_ZERO_POINT", 0xffff, -1},
	OFMWidth0M1:    {0x11a, 0, "NPU_SET_OFM_WIDTH0_M1", 0xffff, -1},
	OFMHeight0M1:   {0x11b, 0, "NPU_SET_OFM_HEIGHT0_M1", 0xffff, -1},
	OFMHeight1M1:   {0x11c, 0, "NPU_SET_OFM_HEIGHT1_M1", 0xffff, -1},
	OFMRegion:      {0x11f, 0, "NPU_SET_OFM_REGION", 0x7, -1},
	KernelWidthM1:  {0x120, 0, "NPU_SET_KERNEL_WIDTH_M1", 0xffff, -1},
	KernelHeightM1: {0x121, 0, "NPU_SET_KERNEL_HEIGHT_M1", 0xffff, -1},
	KernelStride:   {0x122, 0, "NPU_SET_KERNEL_STRIDE", 0x27f, -1},
	AccFormat:      {0x124, 0, "NPU_SET_ACC_FORMAT", 0x3, -1},
	Activation:     {0x125, 0, "NPU_SET_ACTIVATION", 0x701f, -1},
	ActivationMin:  {0x126, 0, "NPU_SET_ACTIVATION_MIN", 0xffff, -1},
	ActivationMax:  {0x127, 0, "NPU_SET_ACTIVATION_MAX", 0xffff, -1},
	WeightRegion:   {0x128, 0, "NPU_SET_WEIGHT_REGION", 0x7, -1},
	ScaleRegion:    {0x129, 0, "NPU_SET_SCALE_REGION", 0x7, -1},
	ABStart:        {0x12d, 0, "NPU_SET_AB_START", 0x3f, -1},
	BlockDep:       {0x12f, 0, "NPU_SET_BLOCKDEP", 0x3, -1},
	DMA0SrcRegion:  {0x130, 0, "NPU_SET_DMA0_SRC_REGION", 0x707, -1},
	DMA0DstRegion:  {0x131, 0, "NPU_SET_DMA0_DST_REGION", 0x707, -1},
	IFM2Broadcast:  {0x180, 0, "NPU_SET_IFM2_BROADCAST", 0xc7, -1},
	IFM2Scalar:     {0x181, 0, "NPU_SET_IFM2_SCALAR", 0xffff, -1},
	IFM2Precision:  {0x185, 0, "NPU_SET_IFM2_PRECISION", 0xc3cd, -1},
	IFM2ZeroPoint:  {0x189, 0, "NPU_SET_IFM2_ZERO_POINT", 0xffff, -1},
	IFM2Width0M1:   {0x18a, 0, "NPU_SET_IFM2_WIDTH0_M1", 0xffff, -1},
	IFM2Height0M1:  {0x18b, 0, "NPU_SET_IFM2_HEIGHT0_M1", 0xffff, -1},
	IFM2Height1M1:  {0x18c, 0, "NPU_SET_IFM2_HEIGHT1_M1", 0xffff, -1},
	IFM2IBStart:    {0x18d, 0, "NPU_SET_IFM2_IB_START", 0x3f, -1},
	IFM2Region:     {0x18f, 0, "NPU_SET_IFM2_REGION", 0x8007, -1},
	IFMBase0:       {0x000, 1, "NPU_SET_IFM_BASE0", 0xffffffff, -1},
	IFMBase1:       {0x001, 1, "NPU_SET_IFM_BASE1", 0xffffffff, -1},
	IFMBase2:       {0x002, 1, "NPU_SET_IFM_BASE2", 0xffffffff, -1},
	IFMBase3:       {0x003, 1, "NPU_SET_IFM_BASE3", 0xffffffff, -1},
	IFMStrideX:     {0x004, 1, "NPU_SET_IFM_STRIDE_X", 0xffffffff, -1},
	IFMStrideY:     {0x005, 1, "NPU_SET_IFM_STRIDE_Y", 0xffffffff, -1},
	IFMStrideC:     {0x006, 1, "NPU_SET_IFM_STRIDE_C", 0xffffffff, -1},
	OFMBase0:       {0x010, 1, "NPU_SET_OFM_BASE0", 0xffffffff, -1},
	OFMBase1:       {0x011, 1, "NPU_SET_OFM_BASE1", 0xffffffff, -1},
	OFMBase2:       {0x012, 1, "NPU_SET_OFM_BASE2", 0xffffffff, -1},
	OFMBase3:       {0x013, 1, "NPU_SET_OFM_BASE3", 0xffffffff, -1},
	OFMStrideX:     {0x014, 1, "NPU_SET_OFM_STRIDE_X", 0xffffffff, -1},
	OFMStrideY:     {0x015, 1, "NPU_SET_OFM_STRIDE_Y", 0xffffffff, -1},
	OFMStrideC:     {0x016, 1, "NPU_SET_OFM_STRIDE_C", 0xffffffff, -1},
	WeightBase:     {0x020, 1, "NPU_SET_WEIGHT_BASE", 0xffffffff, -1},
	WeightLength:   {0x021, 1, "NPU_SET_WEIGHT_LENGTH", 0xffffffff, -1},
	ScaleBase:      {0x022, 1, "NPU_SET_SCALE_BASE", 0xffffffff, -1},
	ScaleLength:    {0x023, 1, "NPU_SET_SCALE_LENGTH", 0xfffff, -1},
	OFMScale:       {0x024, 1, "NPU_SET_OFM_SCALE", 0xffffffff, int16(OFMScaleShift)},
	OFMScaleShift:  {0x024, 2, "NPU_SET_OFM_SCALE.shift", 0x3f, -1},
	OPAScale:       {0x025, 1, "NPU_SET_OPA_SCALE", 0xffffffff, int16(OPAScaleShift)},
	OPAScaleShift:  {0x025, 2, "NPU_SET_OPA_SCALE.shift", 0x3f, -1},
	OPBScale:       {0x026, 1, "NPU_SET_OPB_SCALE", 0xffff, -1},
	DMA0Src:        {0x030, 1, "NPU_SET_DMA0_SRC", 0xffffffff, -1},
	DMA0Dst:        {0x031, 1, "NPU_SET_DMA0_DST", 0xffffffff, -1},
	DMA0Len:        {0x032, 1, "NPU_SET_DMA0_LEN", 0xffffffff, -1},
	IFM2Base0:      {0x080, 1, "NPU_SET_IFM2_BASE0", 0xffffffff, -1},
	IFM2Base1:      {0x081, 1, "NPU_SET_IFM2_BASE1", 0xffffffff, -1},
	IFM2Base2:      {0x082, 1, "NPU_SET_IFM2_BASE2", 0xffffffff, -1},
	IFM2Base3:      {0x083, 1, "NPU_SET_IFM2_BASE3", 0xffffffff, -1},
	IFM2StrideX:    {0x084, 1, "NPU_SET_IFM2_STRIDE_X", 0xffffffff, -1},
	IFM2StrideY:    {0x085, 1, "NPU_SET_IFM2_STRIDE_Y", 0xffffffff, -1},
	IFM2StrideC:    {0x086, 1, "NPU_SET_IFM2_STRIDE_C", 0xffffffff, -1},
}
