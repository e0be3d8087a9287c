//go:build amd64 && !purego

#include "textflag.h"

// One bit per channel, as words.
DATA channelBits<>+0(SB)/8, $0x0008000400020001
DATA channelBits<>+8(SB)/8, $0x0080004000200010
GLOBL channelBits<>(SB), RODATA|NOPTR, $16

// func operandsAVX2(x *uint16, raw *uint64, n int, pixels, channels, flip, bias uint64)
// x = ((byte ^ flip) - bias) & 2^9-1 in the channels and pixels that count.
TEXT ·operandsAVX2(SB), NOSPLIT, $0-56
	MOVQ         x+0(FP), DI
	MOVQ         raw+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         pixels+24(FP), AX
	VMOVQ        channels+32(FP), X0
	VPBROADCASTW X0, X0
	VMOVQ        flip+40(FP), X5
	VMOVQ        bias+48(FP), X6
	VPBROADCASTW X6, X6
	VMOVDQU      channelBits<>(SB), X7
	VPAND        X7, X0, X0
	VPCMPEQW     X7, X0, X0
	VPSRLW       $7, X0, X0         // nine ones in the channels that count
	VPXOR        X3, X3, X3

operandsPixel:
	TESTQ     $1, AX
	JEQ       operandsOff
	VMOVQ     (SI), X1
	VPXOR     X5, X1, X1
	VPMOVZXBW X1, X1
	VPSUBW    X6, X1, X1
	VPAND     X0, X1, X1
	VMOVDQU   X1, (DI)
	JMP       operandsNext

operandsOff:
	VMOVDQU X3, (DI)

operandsNext:
	SHRQ $1, AX
	ADDQ $8, SI
	ADDQ $16, DI
	DECQ CX
	JNE  operandsPixel
	RET

// func multiplyAVX2(prod *uint32, x, w *uint16, pixels, d int)
// Two pixels at a time. Operands lie in the low half of 32-bit lanes with zero
// above, so that VPMADDWD gives the full product of the low halves.
TEXT ·multiplyAVX2(SB), NOSPLIT, $0-40
	MOVQ     prod+0(FP), DI
	MOVQ     x+8(FP), SI
	MOVQ     w+16(FP), BX
	MOVQ     pixels+24(FP), CX
	MOVQ     d+32(FP), DX
	VPCMPEQD Y15, Y15, Y15
	VPSRLD   $14, Y15, Y15 // 2^18-1
	MOVQ     DX, R8
	SHLQ     $5, R8        // bytes of the products of a pixel

multiplyPair:
	CMPQ      CX, $2
	JLT       multiplyOne
	VMOVDQU   (SI), X0
	VMOVDQU   16(SI), X1
	VPSLLW    $7, X0, X0
	VPSLLW    $7, X1, X1
	VPSRAW    $7, X0, X0
	VPSRAW    $7, X1, X1
	VPMOVZXWD X0, Y0
	VPMOVZXWD X1, Y1
	LEAQ      (DI)(R8*1), R9
	MOVQ      BX, R10
	MOVQ      DX, R11

multiplyPairChannel:
	VMOVDQU   (R10), X2
	VPSLLW    $7, X2, X2
	VPSRAW    $7, X2, X2
	VPMOVZXWD X2, Y2
	VPMADDWD  Y2, Y0, Y3
	VPMADDWD  Y2, Y1, Y4
	VPAND     Y15, Y3, Y3
	VPAND     Y15, Y4, Y4
	VMOVDQU   Y3, (DI)
	VMOVDQU   Y4, (R9)
	ADDQ      $16, R10
	ADDQ      $32, DI
	ADDQ      $32, R9
	DECQ      R11
	JNE       multiplyPairChannel
	MOVQ      R9, DI
	ADDQ      $32, SI
	SUBQ      $2, CX
	JMP       multiplyPair

multiplyOne:
	TESTQ     CX, CX
	JEQ       multiplyDone
	VMOVDQU   (SI), X0
	VPSLLW    $7, X0, X0
	VPSRAW    $7, X0, X0
	VPMOVZXWD X0, Y0

multiplyOneChannel:
	VMOVDQU   (BX), X2
	VPSLLW    $7, X2, X2
	VPSRAW    $7, X2, X2
	VPMOVZXWD X2, Y2
	VPMADDWD  Y2, Y0, Y3
	VPAND     Y15, Y3, Y3
	VMOVDQU   Y3, (DI)
	ADDQ      $16, BX
	ADDQ      $32, DI
	DECQ      DX
	JNE       multiplyOneChannel

multiplyDone:
	VZEROUPPER
	RET

// func sumProductsAVX2(sum *uint64, prod *uint32, n int, shift, keep uint64)
// Four dot products at a time; n is a multiple of four.
TEXT ·sumProductsAVX2(SB), NOSPLIT, $0-40
	MOVQ         sum+0(FP), DI
	MOVQ         prod+8(FP), SI
	MOVQ         n+16(FP), CX
	VMOVQ        shift+24(FP), X11
	VPBROADCASTQ keep+32(FP), Y14
	VPCMPEQD     Y15, Y15, Y15
	VPSRLQ       $28, Y15, Y12 // 2^36-1
	VPSRLD       $31, Y15, Y15
	VPSLLD       $20, Y15, Y13 // 8 × 2^17
	VPSLLD       $17, Y15, Y15 // 2^17

sumProductsFour:
	VPXOR        (SI), Y15, Y0
	VPXOR        32(SI), Y15, Y1
	VPXOR        64(SI), Y15, Y2
	VPXOR        96(SI), Y15, Y3
	VPHADDD      Y1, Y0, Y0
	VPHADDD      Y3, Y2, Y2
	VPHADDD      Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPSUBD       X13, X0, X0
	VPMOVSXDQ    X0, Y0
	VPSLLQ       X11, Y0, Y0
	VPAND        (DI), Y14, Y1
	VPADDQ       Y1, Y0, Y0
	VPAND        Y12, Y0, Y0
	VMOVDQU      Y0, (DI)
	ADDQ         $128, SI
	ADDQ         $32, DI
	SUBQ         $4, CX
	JNE          sumProductsFour
	VZEROUPPER
	RET

// func accumulateAVX2(acc, sum *uint64, n int)
// n is a multiple of four.
TEXT ·accumulateAVX2(SB), NOSPLIT, $0-24
	MOVQ     acc+0(FP), DI
	MOVQ     sum+8(FP), SI
	MOVQ     n+16(FP), CX
	VPCMPEQD Y15, Y15, Y15
	VPSRLQ   $28, Y15, Y14 // 2^36-1
	VPSRLQ   $63, Y15, Y13
	VPSLLQ   $35, Y13, Y13 // 2^35
	VPSRLQ   $24, Y15, Y15 // 2^40-1

accumulateFour:
	VPAND   (SI), Y14, Y0
	VPXOR   Y13, Y0, Y0
	VPSUBQ  Y13, Y0, Y0
	VPADDQ  (DI), Y0, Y0
	VPAND   Y15, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JNE     accumulateFour
	VZEROUPPER
	RET

// func accumulateMaxAVX2(acc, sum *uint64, n int)
// n is a multiple of four.
TEXT ·accumulateMaxAVX2(SB), NOSPLIT, $0-24
	MOVQ     acc+0(FP), DI
	MOVQ     sum+8(FP), SI
	MOVQ     n+16(FP), CX
	VPCMPEQD Y15, Y15, Y15
	VPSRLQ   $28, Y15, Y14 // 2^36-1
	VPSRLQ   $63, Y15, Y13
	VPSLLQ   $39, Y13, Y12 // 2^39
	VPSLLQ   $35, Y13, Y13 // 2^35
	VPSRLQ   $24, Y15, Y15 // 2^40-1

accumulateMaxFour:
	VPAND     (SI), Y14, Y0
	VPXOR     Y13, Y0, Y0
	VPSUBQ    Y13, Y0, Y0
	VPAND     (DI), Y15, Y1
	VPXOR     Y12, Y1, Y1
	VPSUBQ    Y12, Y1, Y1
	VPCMPGTQ  Y1, Y0, Y2     // sum > acc
	VPBLENDVB Y2, Y0, Y1, Y0
	VPAND     Y15, Y0, Y0
	VMOVDQU   Y0, (DI)
	ADDQ      $32, SI
	ADDQ      $32, DI
	SUBQ      $4, CX
	JNE       accumulateMaxFour
	VZEROUPPER
	RET
