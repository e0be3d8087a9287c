//go:build amd64 && !purego

#include "textflag.h"

// One bit per byte, as words.
DATA byteBits<>+0(SB)/8, $0x0008000400020001
DATA byteBits<>+8(SB)/8, $0x0080004000200010
DATA byteBits<>+16(SB)/8, $0x0800040002000100
DATA byteBits<>+24(SB)/8, $0x8000400020001000
GLOBL byteBits<>(SB), RODATA|NOPTR, $32

// The low byte of each of four numbers.
DATA lowBytes<>+0(SB)/8, $0x808080800c080400
DATA lowBytes<>+8(SB)/8, $0x8080808080808080
DATA lowBytes<>+16(SB)/8, $0x808080800c080400
DATA lowBytes<>+24(SB)/8, $0x8080808080808080
GLOBL lowBytes<>(SB), RODATA|NOPTR, $32

// func multiplyPairsAVX2(acc *int32, groups int, at *uint16, n int, x, w *int16, stride int)
// Two groups at a time. The stride is in bytes.
TEXT ·multiplyPairsAVX2(SB), NOSPLIT, $0-56
	MOVQ acc+0(FP), DI
	MOVQ groups+8(FP), R8
	MOVQ at+16(FP), R9
	MOVQ n+24(FP), R10
	MOVQ x+32(FP), SI
	MOVQ w+40(FP), BX
	MOVQ stride+48(FP), R11

pairsTwo:
	CMPQ    R8, $2
	JLT     pairsOne
	LEAQ    (BX)(R11*1), R12
	VMOVDQU (DI), Y0
	VMOVDQU 32(DI), Y1
	VMOVDQU 64(DI), Y2
	VMOVDQU 96(DI), Y3
	XORQ    CX, CX

pairsTwoNext:
	MOVWLZX      (R9)(CX*2), AX
	VPBROADCASTD (SI)(CX*4), Y4
	SHLQ         $6, AX
	VPMADDWD     (BX)(AX*1), Y4, Y5
	VPMADDWD     32(BX)(AX*1), Y4, Y6
	VPMADDWD     (R12)(AX*1), Y4, Y7
	VPMADDWD     32(R12)(AX*1), Y4, Y8
	VPADDD       Y5, Y0, Y0
	VPADDD       Y6, Y1, Y1
	VPADDD       Y7, Y2, Y2
	VPADDD       Y8, Y3, Y3
	INCQ         CX
	CMPQ         CX, R10
	JLT          pairsTwoNext
	VMOVDQU      Y0, (DI)
	VMOVDQU      Y1, 32(DI)
	VMOVDQU      Y2, 64(DI)
	VMOVDQU      Y3, 96(DI)
	ADDQ         $128, DI
	LEAQ         (R12)(R11*1), BX
	SUBQ         $2, R8
	JMP          pairsTwo

pairsOne:
	TESTQ   R8, R8
	JEQ     pairsDone
	VMOVDQU (DI), Y0
	VMOVDQU 32(DI), Y1
	XORQ    CX, CX

pairsOneNext:
	MOVWLZX      (R9)(CX*2), AX
	VPBROADCASTD (SI)(CX*4), Y4
	SHLQ         $6, AX
	VPMADDWD     (BX)(AX*1), Y4, Y5
	VPMADDWD     32(BX)(AX*1), Y4, Y6
	VPADDD       Y5, Y0, Y0
	VPADDD       Y6, Y1, Y1
	INCQ         CX
	CMPQ         CX, R10
	JLT          pairsOneNext
	VMOVDQU      Y0, (DI)
	VMOVDQU      Y1, 32(DI)

pairsDone:
	VZEROUPPER
	RET

// func multiplyLanesAVX2(acc *int32, x, w *int16, n int)
// Eight channels at a time: the halves above the operands are zero.
TEXT ·multiplyLanesAVX2(SB), NOSPLIT, $0-32
	MOVQ acc+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ w+16(FP), BX
	MOVQ n+24(FP), CX

lanesNext:
	VPMOVZXWD (SI), Y0
	VPMOVZXWD (BX), Y1
	VPMADDWD  Y0, Y1, Y2
	VPADDD    (DI), Y2, Y2
	VMOVDQU   Y2, (DI)
	ADDQ      $16, SI
	ADDQ      $16, BX
	ADDQ      $32, DI
	SUBQ      $8, CX
	JNE       lanesNext
	VZEROUPPER
	RET

// func differencesAVX2(x *int16, now, old *byte, marks *uint64, at, n int, flip, keep uint64) int
// Sixteen bytes at a time, n times: keep has a bit for each byte that counts.
TEXT ·differencesAVX2(SB), NOSPLIT, $0-72
	MOVQ         x+0(FP), DI
	MOVQ         now+8(FP), SI
	MOVQ         old+16(FP), BX
	MOVQ         marks+24(FP), R8
	MOVQ         at+32(FP), CX
	MOVQ         n+40(FP), R9
	VPBROADCASTQ flip+48(FP), X7
	MOVQ         keep+56(FP), R12
	VMOVDQU      byteBits<>(SB), Y6
	VPXOR        Y8, Y8, Y8
	MOVQ         CX, R11
	SHRQ         $3, R11
	ANDQ         $7, CX
	XORQ         AX, AX

differencesNext:
	MOVL         (R8)(R11*1), R10
	SHRL         CX, R10
	ANDL         R12, R10
	VMOVD        R10, X0
	VPBROADCASTW X0, Y0
	VPAND        Y6, Y0, Y0
	VPCMPEQW     Y6, Y0, Y0
	VPXOR        (SI), X7, X1
	VPXOR        (BX), X7, X2
	VPMOVZXBW    X1, Y1
	VPMOVZXBW    X2, Y2
	VPSUBW       Y2, Y1, Y1
	VPAND        Y0, Y1, Y1
	VMOVDQU      Y1, (DI)
	VPCMPEQW     Y8, Y1, Y3
	VPMOVMSKB    Y3, R10
	NOTL         R10
	POPCNTL      R10, R10
	ADDQ         R10, AX
	ADDQ         $16, SI
	ADDQ         $16, BX
	ADDQ         $32, DI
	ADDQ         $2, R11
	DECQ         R9
	JNE          differencesNext
	SHRQ         $1, AX
	MOVQ         AX, ret+64(FP)
	VZEROUPPER
	RET

// func scaleAVX2(out *byte, acc, sums *int32, old *byte, s *Scales, lots int, zero, low, high uint64) uint64
// It returns bits of the lanes in which a sum was too large with its bias.
TEXT ·scaleAVX2(SB), NOSPLIT, $0-80
	MOVQ         out+0(FP), DI
	MOVQ         acc+8(FP), SI
	MOVQ         sums+16(FP), BX
	MOVQ         old+24(FP), R9
	MOVQ         s+32(FP), R8
	MOVQ         lots+40(FP), CX
	VPBROADCASTD zero+48(FP), Y11
	VPBROADCASTD low+56(FP), Y12
	VPBROADCASTD high+64(FP), Y13
	VMOVDQU      lowBytes<>(SB), Y10
	VPXOR        Y14, Y14, Y14
	VPXOR        Y15, Y15, Y15

scaleNext:
	VMOVDQU (SI), Y0
	TESTQ   R9, R9
	JEQ     scaleAll
	VPTEST  Y0, Y0
	JNE     scaleSome
	MOVQ    (R9), AX
	MOVQ    AX, (DI)
	ADDQ    $8, R9
	JMP     scaleDone

scaleSome:
	ADDQ $8, R9

scaleAll:
	VPADDD       (BX), Y0, Y0
	VMOVDQU      (R8), Y1           // bias
	VPADDD       Y1, Y0, Y2
	VPXOR        Y0, Y2, Y3
	VPXOR        Y1, Y2, Y4
	VPAND        Y3, Y4, Y3
	VPOR         Y3, Y15, Y15       // signs where the sum leaves 32 bits
	VMOVDQU      32(R8), Y1         // factor
	VPMULDQ      Y1, Y2, Y3         // even channels
	VPSRLQ       $32, Y2, Y2
	VPSRLQ       $32, Y1, Y1
	VPMULDQ      Y1, Y2, Y4         // odd channels
	VPCMPGTQ     Y3, Y14, Y5
	VPCMPGTQ     Y4, Y14, Y6
	VPAND        160(R8), Y5, Y5    // down
	VPAND        192(R8), Y6, Y6
	VPADDQ       96(R8), Y3, Y3     // up
	VPADDQ       128(R8), Y4, Y4
	VPADDQ       Y5, Y3, Y3
	VPADDQ       Y6, Y4, Y4
	VPSRLQ       $32, Y3, Y3
	VPBLENDD     $0xaa, Y4, Y3, Y3  // the upper halves of all products
	VPSRAVD      64(R8), Y3, Y3     // shift
	VPADDD       Y11, Y3, Y3
	VPMAXSD      Y12, Y3, Y3
	VPMINSD      Y13, Y3, Y3
	VPSHUFB      Y10, Y3, Y3
	VEXTRACTI128 $1, Y3, X4
	VPUNPCKLDQ   X4, X3, X3
	VMOVQ        X3, (DI)

scaleDone:
	ADDQ      $8, DI
	ADDQ      $32, SI
	ADDQ      $32, BX
	ADDQ      $224, R8
	DECQ      CX
	JNE       scaleNext
	VMOVMSKPS Y15, AX
	MOVQ      AX, ret+72(FP)
	VZEROUPPER
	RET
