//go:build amd64 && !purego

#include "textflag.h"

// The low halves of four 64-bit lanes, for VPERMD.
DATA lowHalves<>+0(SB)/8, $0x0000000200000000
DATA lowHalves<>+8(SB)/8, $0x0000000600000004
DATA lowHalves<>+16(SB)/8, $0x0000000200000000
DATA lowHalves<>+24(SB)/8, $0x0000000600000004
GLOBL lowHalves<>(SB), RODATA|NOPTR, $32

// func requantiseAVX2(dst, acc *int32, scale *uint32, shift *uint8, n int, nudge, truncate uint64, zero, lo, hi int64)
// Four values at a time in 64-bit lanes; n is a multiple of four. The product p
// fits 64 bits. So does p plus the rounding term r, as a signed number if p < 0
// and as an unsigned one if not; hence the shift fills with the sign of p AND (p+r).
TEXT ·requantiseAVX2(SB), NOSPLIT, $0-80
	MOVQ         dst+0(FP), DI
	MOVQ         acc+8(FP), SI
	MOVQ         scale+16(FP), BX
	MOVQ         shift+24(FP), DX
	MOVQ         n+32(FP), CX
	VPBROADCASTQ nudge+40(FP), Y15
	VPBROADCASTQ truncate+48(FP), Y14
	VPBROADCASTQ zero+56(FP), Y13
	VPBROADCASTQ lo+64(FP), Y12
	VPBROADCASTQ hi+72(FP), Y11
	VPXOR        Y10, Y10, Y10
	VPCMPEQD     Y9, Y9, Y9
	VPSRLQ       $63, Y9, Y9   // 1
	VPSLLQ       $6, Y9, Y8
	VPSUBQ       Y9, Y8, Y8    // 63
	VPSRLQ       $1, Y8, Y7    // 31

requantiseFour:
	// p = acc × scale: the unsigned product, less scale × 2^32 if acc < 0.
	VPMOVSXDQ (SI), Y0
	VPMOVZXDQ (BX), Y1
	VPMULUDQ  Y1, Y0, Y2
	VPCMPGTQ  Y0, Y10, Y0      // acc < 0
	VPAND     Y1, Y0, Y1
	VPSLLQ    $32, Y1, Y1
	VPSUBQ    Y1, Y2, Y2       // p
	VPCMPGTQ  Y2, Y10, Y3      // m: p < 0

	VPMOVZXBQ (DX), Y4
	VPAND     Y8, Y4, Y4       // s

	// Half: 2^(s-1), and none for s = 0. The nudge takes the sign of p where s > 31.
	VPSUBQ   Y9, Y4, Y5
	VPSLLVQ  Y5, Y9, Y5
	VPCMPGTQ Y7, Y4, Y6
	VPAND    Y15, Y6, Y6
	VPXOR    Y3, Y6, Y0
	VPSUBQ   Y3, Y0, Y0
	VPADDQ   Y0, Y5, Y5

	// Truncation adds 2^s-1 to negative products instead.
	VPSLLVQ   Y4, Y9, Y6
	VPSUBQ    Y9, Y6, Y6
	VPAND     Y3, Y6, Y6
	VPBLENDVB Y14, Y6, Y5, Y5

	VPADDQ   Y5, Y2, Y5
	VPAND    Y5, Y2, Y6
	VPCMPGTQ Y6, Y10, Y6
	VPXOR    Y6, Y5, Y5
	VPSRLVQ  Y4, Y5, Y5
	VPXOR    Y6, Y5, Y5

	VPADDQ    Y13, Y5, Y5
	VPCMPGTQ  Y5, Y12, Y6      // below the minimum
	VPBLENDVB Y6, Y12, Y5, Y5
	VPCMPGTQ  Y11, Y5, Y6      // above the maximum
	VPBLENDVB Y6, Y11, Y5, Y5
	VMOVDQU   lowHalves<>(SB), Y6
	VPERMD    Y5, Y6, Y5
	VMOVDQU   X5, (DI)

	ADDQ $16, SI
	ADDQ $16, BX
	ADDQ $4, DX
	ADDQ $16, DI
	SUBQ $4, CX
	JNE  requantiseFour
	VZEROUPPER
	RET
