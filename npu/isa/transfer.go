package isa

// BeatMask are the low address bits that DMA ignores, and that streams of weights and of
// scales ignore in addresses and lengths: transfers begin at beats of the 64-bit ports (our
// choice).
const BeatMask = 7

// Transfer is a DMA operation as the registers describe it.
type Transfer struct {
	Src, Dst             uint32 // bytes from the base of a region; with Internal, Dst is the address
	Bytes                uint32
	SrcRegion, DstRegion int  // 0 to 7
	Internal             bool // it goes to the shared buffer
}

// Fields of the region registers of DMA (Arm U55 register header).
const (
	regionMask     = 7
	regionInternal = 1 << 8 // region mode of the destination: the shared buffer
)

// DecodeTransfer reads a DMA operation from the registers that it sees.
func DecodeTransfer(r *Registers) Transfer {
	dst := r[DMA0DstRegion]
	return Transfer{
		Src: r[DMA0Src], Dst: r[DMA0Dst], Bytes: r[DMA0Len],
		SrcRegion: int(r[DMA0SrcRegion] & regionMask), DstRegion: int(dst & regionMask), Internal: dst&regionInternal != 0,
	}
}

// Ends are the addresses of the first beats that are read and written, with the bases of
// the regions.
func (t *Transfer) Ends(bases *[8]uint32) (src, dst uint32) {
	src, dst = bases[t.SrcRegion]+t.Src, t.Dst
	if !t.Internal {
		dst += bases[t.DstRegion]
	}
	return src &^ BeatMask, dst &^ BeatMask
}
