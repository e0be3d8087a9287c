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

// func accumulateAVX2(acc, from, sum *uint64, n int)
// acc = from + sum; n is a multiple of four.
TEXT ·accumulateAVX2(SB), NOSPLIT, $0-32
	MOVQ     acc+0(FP), DI
	MOVQ     from+8(FP), BX
	MOVQ     sum+16(FP), SI
	MOVQ     n+24(FP), CX
	VPCMPEQD Y15, Y15, Y15
	VPSRLQ   $28, Y15, Y14 // 2^36-1
	VPSRLQ   $63, Y15, Y13
	VPSLLQ   $35, Y13, Y13 // 2^35
	VPSRLQ   $24, Y15, Y15 // 2^40-1

accumulateFour:
	VPAND   (SI), Y14, Y0
	VPXOR   Y13, Y0, Y0
	VPSUBQ  Y13, Y0, Y0
	VPADDQ  (BX), Y0, Y0
	VPAND   Y15, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, BX
	ADDQ    $32, DI
	SUBQ    $4, CX
	JNE     accumulateFour
	VZEROUPPER
	RET

// func narrowAVX2(b *byte, v *uint64, n int)
// The low four bytes of each; n is a multiple of four.
TEXT ·narrowAVX2(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), DI
	MOVQ v+8(FP), SI
	MOVQ n+16(FP), CX

narrowFour:
	VMOVUPS (SI), X0
	VSHUFPS $0x88, 16(SI), X0, X0
	VMOVUPS X0, (DI)
	ADDQ    $32, SI
	ADDQ    $16, DI
	SUBQ    $4, CX
	JNE     narrowFour
	RET

// func widenAVX2(v *uint64, b *byte, n int)
// The inverse, with the sign extended to 40 bits.
TEXT ·widenAVX2(SB), NOSPLIT, $0-24
	MOVQ     v+0(FP), DI
	MOVQ     b+8(FP), SI
	MOVQ     n+16(FP), CX
	VPCMPEQD Y15, Y15, Y15
	VPSRLQ   $24, Y15, Y15 // 2^40-1

widenFour:
	VPMOVSXDQ (SI), Y0
	VPAND     Y15, Y0, Y0
	VMOVDQU   Y0, (DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $4, CX
	JNE       widenFour
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

// func dotsAVX2(dots *int32, keep, from *uint16, raw *uint64, pixels, d int, mask, channels, flip, bias uint64)
// The dot products of each pixel's operands with the weights at from, d of them a pixel, 4
// or 8. The weights are copied to keep.
TEXT ·dotsAVX2(SB), NOSPLIT, $0-80
	MOVQ         dots+0(FP), DI
	MOVQ         keep+8(FP), R8
	MOVQ         from+16(FP), BX
	MOVQ         raw+24(FP), SI
	MOVQ         pixels+32(FP), CX
	MOVQ         d+40(FP), DX
	MOVQ         mask+48(FP), AX
	VMOVQ        channels+56(FP), X0
	VPBROADCASTW X0, X0
	VMOVQ        flip+64(FP), X5
	VMOVQ        bias+72(FP), X6
	VPBROADCASTW X6, X6
	VMOVDQU      channelBits<>(SB), X7
	VPAND        X7, X0, X0
	VPCMPEQW     X7, X0, X0
	VPSLLW       $7, X0, X0         // ones in the upper nine bits of the channels that count
	VMOVDQU      (BX), Y8
	VMOVDQU      32(BX), Y9
	VMOVDQU      Y8, (R8)
	VMOVDQU      Y9, 32(R8)
	VPSLLW       $7, Y8, Y8
	VPSLLW       $7, Y9, Y9
	VPSRAW       $7, Y8, Y8
	VPSRAW       $7, Y9, Y9
	CMPQ         DX, $8
	JNE          dotsFour
	VMOVDQU      64(BX), Y10
	VMOVDQU      96(BX), Y11
	VMOVDQU      Y10, 64(R8)
	VMOVDQU      Y11, 96(R8)
	VPSLLW       $7, Y10, Y10
	VPSLLW       $7, Y11, Y11
	VPSRAW       $7, Y10, Y10
	VPSRAW       $7, Y11, Y11

dotsEightPixel:
	TESTQ        $1, AX
	JEQ          dotsEightOff
	VMOVQ        (SI), X1
	VPXOR        X5, X1, X1
	VPMOVZXBW    X1, X1
	VPSUBW       X6, X1, X1
	VPSLLW       $7, X1, X1
	VPAND        X0, X1, X1
	VPSRAW       $7, X1, X1
	VINSERTI128  $1, X1, Y1, Y1
	VPMADDWD     Y8, Y1, Y2         // channels 0, 1
	VPMADDWD     Y9, Y1, Y3         // 2, 3
	VPMADDWD     Y10, Y1, Y4        // 4, 5
	VPMADDWD     Y11, Y1, Y12       // 6, 7
	VPHADDD      Y3, Y2, Y2
	VPHADDD      Y12, Y4, Y4
	VPHADDD      Y4, Y2, Y2         // 0, 2, 4, 6; 1, 3, 5, 7
	VEXTRACTI128 $1, Y2, X3
	VPUNPCKLDQ   X3, X2, X4
	VPUNPCKHDQ   X3, X2, X2
	VMOVDQU      X4, (DI)
	VMOVDQU      X2, 16(DI)
	JMP          dotsEightNext

dotsEightOff:
	VPXOR   Y2, Y2, Y2
	VMOVDQU Y2, (DI)

dotsEightNext:
	SHRQ $1, AX
	ADDQ $8, SI
	ADDQ $32, DI
	DECQ CX
	JNE  dotsEightPixel
	VZEROUPPER
	RET

dotsFour:
	TESTQ        $1, AX
	JEQ          dotsFourOff
	VMOVQ        (SI), X1
	VPXOR        X5, X1, X1
	VPMOVZXBW    X1, X1
	VPSUBW       X6, X1, X1
	VPSLLW       $7, X1, X1
	VPAND        X0, X1, X1
	VPSRAW       $7, X1, X1
	VINSERTI128  $1, X1, Y1, Y1
	VPMADDWD     Y8, Y1, Y2
	VPMADDWD     Y9, Y1, Y3
	VPHADDD      Y3, Y2, Y2
	VPHADDD      Y2, Y2, Y2         // 0, 2, 0, 2; 1, 3, 1, 3
	VEXTRACTI128 $1, Y2, X3
	VPUNPCKLDQ   X3, X2, X4
	VMOVDQU      X4, (DI)
	JMP          dotsFourNext

dotsFourOff:
	VPXOR   X2, X2, X2
	VMOVDQU X2, (DI)

dotsFourNext:
	SHRQ $1, AX
	ADDQ $8, SI
	ADDQ $16, DI
	DECQ CX
	JNE  dotsFour
	VZEROUPPER
	RET

// func lanesAVX2(dots *int32, w *uint16, raw *uint64, pixels, d int, mask, channels, flip, bias uint64)
// The product of each operand with the weight of its lane, in the first d lanes, 4 or 8.
TEXT ·lanesAVX2(SB), NOSPLIT, $0-72
	MOVQ         dots+0(FP), DI
	MOVQ         w+8(FP), BX
	MOVQ         raw+16(FP), SI
	MOVQ         pixels+24(FP), CX
	MOVQ         d+32(FP), DX
	MOVQ         mask+40(FP), AX
	VMOVQ        channels+48(FP), X0
	VPBROADCASTW X0, X0
	VMOVQ        flip+56(FP), X5
	VMOVQ        bias+64(FP), X6
	VPBROADCASTW X6, X6
	VMOVDQU      channelBits<>(SB), X7
	VPAND        X7, X0, X0
	VPCMPEQW     X7, X0, X0
	VPSLLW       $7, X0, X0
	VMOVDQU      (BX), X8
	VPSLLW       $7, X8, X8
	VPSRAW       $7, X8, X8
	VPMOVSXWD    X8, Y8
	SHLQ         $2, DX             // bytes of the products of a pixel

lanesPixel:
	VPXOR     Y2, Y2, Y2
	TESTQ     $1, AX
	JEQ       lanesStore
	VMOVQ     (SI), X1
	VPXOR     X5, X1, X1
	VPMOVZXBW X1, X1
	VPSUBW    X6, X1, X1
	VPSLLW    $7, X1, X1
	VPAND     X0, X1, X1
	VPSRAW    $7, X1, X1
	VPMOVSXWD X1, Y1
	VPMULLD   Y8, Y1, Y2

lanesStore:
	VMOVDQU X2, (DI)
	CMPQ    DX, $32
	JNE     lanesNext
	VMOVDQU Y2, (DI)

lanesNext:
	SHRQ $1, AX
	ADDQ $8, SI
	ADDQ DX, DI
	DECQ CX
	JNE  lanesPixel
	VZEROUPPER
	RET

// func sumDotsAVX2(sum *uint64, dots *int32, n int, shift, keep uint64)
// n is a multiple of four.
TEXT ·sumDotsAVX2(SB), NOSPLIT, $0-40
	MOVQ         sum+0(FP), DI
	MOVQ         dots+8(FP), SI
	MOVQ         n+16(FP), CX
	VMOVQ        shift+24(FP), X11
	VPBROADCASTQ keep+32(FP), Y14
	VPCMPEQD     Y12, Y12, Y12
	VPSRLQ       $28, Y12, Y12 // 2^36-1

sumDotsFour:
	VPMOVSXDQ (SI), Y0
	VPSLLQ    X11, Y0, Y0
	VPAND     (DI), Y14, Y1
	VPADDQ    Y1, Y0, Y0
	VPAND     Y12, Y0, Y0
	VMOVDQU   Y0, (DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $4, CX
	JNE       sumDotsFour
	VZEROUPPER
	RET

// func clockSumsAVX2(acc, from, sum *uint64, dots *int32, n int, shift, keep uint64)
// accumulateAVX2, and then sumDotsAVX2.
TEXT ·clockSumsAVX2(SB), NOSPLIT, $0-56
	MOVQ         acc+0(FP), DI
	MOVQ         from+8(FP), BX
	MOVQ         sum+16(FP), DX
	MOVQ         dots+24(FP), SI
	MOVQ         n+32(FP), CX
	VMOVQ        shift+40(FP), X11
	VPBROADCASTQ keep+48(FP), Y10
	VPCMPEQD     Y15, Y15, Y15
	VPSRLQ       $28, Y15, Y14 // 2^36-1
	VPSRLQ       $63, Y15, Y13
	VPSLLQ       $35, Y13, Y13 // 2^35
	VPSRLQ       $24, Y15, Y15 // 2^40-1

clockSumsFour:
	VMOVDQU   (DX), Y2
	VPAND     Y2, Y14, Y0
	VPXOR     Y13, Y0, Y0
	VPSUBQ    Y13, Y0, Y0
	VPADDQ    (BX), Y0, Y0
	VPAND     Y15, Y0, Y0
	VMOVDQU   Y0, (DI)
	VPMOVSXDQ (SI), Y1
	VPSLLQ    X11, Y1, Y1
	VPAND     Y2, Y10, Y2
	VPADDQ    Y2, Y1, Y1
	VPAND     Y14, Y1, Y1
	VMOVDQU   Y1, (DX)
	ADDQ      $16, SI
	ADDQ      $32, BX
	ADDQ      $32, DX
	ADDQ      $32, DI
	SUBQ      $4, CX
	JNE       clockSumsFour
	VZEROUPPER
	RET
