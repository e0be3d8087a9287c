//go:build amd64 && !purego

#include "textflag.h"

// func dotInt8AVX2(a, b *int8, n int) int32
// n is a multiple of 16.
TEXT ·dotInt8AVX2(SB), NOSPLIT, $0-28
	MOVQ  a+0(FP), SI
	MOVQ  b+8(FP), DI
	MOVQ  n+16(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3

dotInt8Loop:
	CMPQ      CX, $64
	JLT       dotInt8Rest
	VPMOVSXBW (SI), Y4
	VPMOVSXBW (DI), Y5
	VPMOVSXBW 16(SI), Y6
	VPMOVSXBW 16(DI), Y7
	VPMOVSXBW 32(SI), Y8
	VPMOVSXBW 32(DI), Y9
	VPMOVSXBW 48(SI), Y10
	VPMOVSXBW 48(DI), Y11
	VPMADDWD  Y5, Y4, Y4
	VPMADDWD  Y7, Y6, Y6
	VPMADDWD  Y9, Y8, Y8
	VPMADDWD  Y11, Y10, Y10
	VPADDD    Y4, Y0, Y0
	VPADDD    Y6, Y1, Y1
	VPADDD    Y8, Y2, Y2
	VPADDD    Y10, Y3, Y3
	ADDQ      $64, SI
	ADDQ      $64, DI
	SUBQ      $64, CX
	JMP       dotInt8Loop

dotInt8Rest:
	TESTQ     CX, CX
	JEQ       dotInt8Sum
	VPMOVSXBW (SI), Y4
	VPMOVSXBW (DI), Y5
	VPMADDWD  Y5, Y4, Y4
	VPADDD    Y4, Y0, Y0
	ADDQ      $16, SI
	ADDQ      $16, DI
	SUBQ      $16, CX
	JMP       dotInt8Rest

dotInt8Sum:
	VPADDD       Y1, Y0, Y0
	VPADDD       Y3, Y2, Y2
	VPADDD       Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPHADDD      X0, X0, X0
	VPHADDD      X0, X0, X0
	VMOVD        X0, AX
	VZEROUPPER
	MOVL         AX, ret+24(FP)
	RET

// func dotInt16Int8AVX2(a *int16, b *int8, n int) int64
// n is a multiple of 32 and at most 4096, so that no 32-bit lane overflows.
TEXT ·dotInt16Int8AVX2(SB), NOSPLIT, $0-32
	MOVQ  a+0(FP), SI
	MOVQ  b+8(FP), DI
	MOVQ  n+16(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1

dotInt16Loop:
	VPMOVSXBW (DI), Y4
	VPMOVSXBW 16(DI), Y5
	VPMADDWD  (SI), Y4, Y4
	VPMADDWD  32(SI), Y5, Y5
	VPADDD    Y4, Y0, Y0
	VPADDD    Y5, Y1, Y1
	ADDQ      $64, SI
	ADDQ      $32, DI
	SUBQ      $32, CX
	JNE       dotInt16Loop

	// Widen the lanes to 64 bits before they meet.
	VEXTRACTI128 $1, Y0, X2
	VEXTRACTI128 $1, Y1, X3
	VPMOVSXDQ    X0, Y0
	VPMOVSXDQ    X1, Y1
	VPMOVSXDQ    X2, Y2
	VPMOVSXDQ    X3, Y3
	VPADDQ       Y1, Y0, Y0
	VPADDQ       Y3, Y2, Y2
	VPADDQ       Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDQ       X1, X0, X0
	VPSRLDQ      $8, X0, X1
	VPADDQ       X1, X0, X0
	VMOVQ        X0, AX
	VZEROUPPER
	MOVQ         AX, ret+24(FP)
	RET

// func dotInt32Int16AVX2(a *int32, b *int16, n int) int32
// n is a multiple of 16.
TEXT ·dotInt32Int16AVX2(SB), NOSPLIT, $0-28
	MOVQ  a+0(FP), SI
	MOVQ  b+8(FP), DI
	MOVQ  n+16(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1

dotInt32Loop:
	VPMOVSXWD (DI), Y4
	VPMOVSXWD 16(DI), Y5
	VPMULLD   (SI), Y4, Y4
	VPMULLD   32(SI), Y5, Y5
	VPADDD    Y4, Y0, Y0
	VPADDD    Y5, Y1, Y1
	ADDQ      $64, SI
	ADDQ      $32, DI
	SUBQ      $16, CX
	JNE       dotInt32Loop

	VPADDD       Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPHADDD      X0, X0, X0
	VPHADDD      X0, X0, X0
	VMOVD        X0, AX
	VZEROUPPER
	MOVL         AX, ret+24(FP)
	RET

// func axpyInt8AVX2(acc *int32, w *int8, n int, delta int64)
// n is a multiple of 16.
TEXT ·axpyInt8AVX2(SB), NOSPLIT, $0-32
	MOVQ         acc+0(FP), DI
	MOVQ         w+8(FP), SI
	MOVQ         n+16(FP), CX
	VMOVQ        delta+24(FP), X0
	VPBROADCASTD X0, Y0

axpyInt8Loop:
	VPMOVSXBD (SI), Y1
	VPMOVSXBD 8(SI), Y2
	VPMULLD   Y0, Y1, Y1
	VPMULLD   Y0, Y2, Y2
	VPADDD    (DI), Y1, Y1
	VPADDD    32(DI), Y2, Y2
	VMOVDQU   Y1, (DI)
	VMOVDQU   Y2, 32(DI)
	ADDQ      $16, SI
	ADDQ      $64, DI
	SUBQ      $16, CX
	JNE       axpyInt8Loop
	VZEROUPPER
	RET

// func equalPrefixAVX2(a, b *byte, n int) int
// The number of leading bytes that are equal, in blocks of 32; n is a multiple
// of 32.
TEXT ·equalPrefixAVX2(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	MOVQ n+16(FP), CX
	XORQ AX, AX

equalFour:
	LEAQ      128(AX), DX
	CMPQ      DX, CX
	JGT       equalOne
	VMOVDQU   (SI)(AX*1), Y0
	VMOVDQU   32(SI)(AX*1), Y1
	VMOVDQU   64(SI)(AX*1), Y2
	VMOVDQU   96(SI)(AX*1), Y3
	VPXOR     (DI)(AX*1), Y0, Y0
	VPXOR     32(DI)(AX*1), Y1, Y1
	VPXOR     64(DI)(AX*1), Y2, Y2
	VPXOR     96(DI)(AX*1), Y3, Y3
	VPOR      Y1, Y0, Y0
	VPOR      Y3, Y2, Y2
	VPOR      Y2, Y0, Y0
	VPTEST    Y0, Y0
	JNE       equalOne
	MOVQ      DX, AX
	JMP       equalFour

equalOne:
	CMPQ    AX, CX
	JGE     equalDone
	VMOVDQU (SI)(AX*1), Y0
	VPXOR   (DI)(AX*1), Y0, Y0
	VPTEST  Y0, Y0
	JNE     equalDone
	ADDQ    $32, AX
	JMP     equalOne

equalDone:
	VZEROUPPER
	MOVQ AX, ret+24(FP)
	RET
