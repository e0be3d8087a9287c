// prefix_count: the number of ones up to each of twelve bits, as a tree of four levels instead of a chain of twelve.
// Used by the weight decoder (docs/blocks/weight-decoder.md, steps 4, 10 and 11 of a chunk).
module prefix_count (
    input  wire [11:0] x,
    output wire [47:0] upto   // four bits each: ones in x[j:0]
);
    // level n: ones since the last multiple of 2^n
    wire [47:0] level0, level1, level2, level3;
    genvar j;
    generate
        for (j = 0; j < 12; j = j + 1) begin : node
            assign level0[4*j +: 4] = {3'd0, x[j]};
            if ((j / 1) % 2 == 1) begin : add1
                assign level1[4*j +: 4] = level0[4*j +: 4] + level0[4*(1*(j/1) - 1) +: 4];
            end else begin : pass1
                assign level1[4*j +: 4] = level0[4*j +: 4];
            end
            if ((j / 2) % 2 == 1) begin : add2
                assign level2[4*j +: 4] = level1[4*j +: 4] + level1[4*(2*(j/2) - 1) +: 4];
            end else begin : pass2
                assign level2[4*j +: 4] = level1[4*j +: 4];
            end
            if ((j / 4) % 2 == 1) begin : add4
                assign level3[4*j +: 4] = level2[4*j +: 4] + level2[4*(4*(j/4) - 1) +: 4];
            end else begin : pass4
                assign level3[4*j +: 4] = level2[4*j +: 4];
            end
            if ((j / 8) % 2 == 1) begin : add8
                assign upto[4*j +: 4] = level3[4*j +: 4] + level3[4*(8*(j/8) - 1) +: 4];
            end else begin : pass8
                assign upto[4*j +: 4] = level3[4*j +: 4];
            end
        end
    endgenerate
endmodule
