// wd_chunk: what the next chunk holds and where its parts begin. Combinational.
// Page: docs/blocks/weight-decoder.md, "Weights (state 2): one chunk", steps 2 to 6.
module wd_chunk (
    input  wire [35:0] bits,         // the next bits of the stream
    input  wire        runs,
    input  wire [2:0]  zdiv,
    input  wire [2:0]  wdiv,
    input  wire [5:0]  palsize,
    input  wire [3:0]  palbits,
    input  wire [2:0]  lead,         // bits 5 to 3 of balance
    input  wire        weights_left, // wleft > 0
    input  wire        runs_left,    // zleft > 0
    input  wire [3:0]  pendwn,
    input  wire [3:0]  pendzn,
    output wire        we,
    output wire        ze,
    output wire        nothing,      // the slice is done
    output wire        uncompressed,
    output wire [3:0]  wb,           // bits of a weight's remainder
    output wire [11:0] u0,
    output wire [11:0] t,            // the bit of u1 that belongs to bit j of u0; 0 where that is 0
    output wire [11:0] uz,
    output wire        twelve,         // twelve bits of uz, else eight
    output wire [5:0]  base,         // where the remainders begin
    output wire [8:0]  need          // bits of the chunk
);
    assign we = weights_left & (~runs | lead[2] | (lead[1:0] == 2'd0));
    assign ze = runs & ~lead[2] & runs_left;
    assign nothing = ~we & ~ze & (pendwn == 4'd0) & (pendzn == 4'd0);

    // step 3
    assign uncompressed = wdiv == 3'd7;
    wire [5:0] top = palsize - 6'd1;
    wire [3:0] topbits = top[5] ? 4'd6 : top[4] ? 4'd5 : top[3] ? 4'd4 : top[2] ? 4'd3 : top[1] ? 4'd2 : top[0] ? 4'd1 : 4'd0;
    assign wb = ~uncompressed ? {1'b0, wdiv} : |palsize ? topbits : palbits;

    // step 4
    wire unary = we & ~uncompressed;
    assign u0   = bits[11:0] & {12{unary}};
    assign twelve = zdiv < 3'd3;
    wire [47:0] ones;
    prefix_count count_u0 (.x(u0), .upto(ones));

    // step 6
    assign uz = (unary ? bits[23:12] : bits[11:0]) & {{4{ze & twelve}}, {8{ze}}};
    wire [11:0] u1 = ~ze ? bits[23:12] : twelve ? bits[35:24] : bits[31:20];
    genvar j, m;
    generate
        for (j = 0; j < 12; j = j + 1) begin : pair
            // bit j of u0 takes the bit of u1 that follows those of the ones before
            wire [j:0] pick;
            for (m = 0; m <= j; m = m + 1) begin : candidate
                assign pick[m] = (ones[4*j +: 4] == m + 1) & u1[m];
            end
            assign t[j] = u0[j] & |pick;
        end
    endgenerate

    // step 5
    wire [3:0] zb = ze ? {1'b1, twelve, 2'b00} : 4'd0;                                     // 8, 12 or 0
    assign base = {2'd0, unary, unary, 2'b00} + {2'd0, zb} + {2'd0, ones[47:44]};         // 12 or 0
    wire [7:0] rem_w = {4'd0, pendwn} * {4'd0, wb};
    wire [6:0] rem_z = {3'd0, pendzn & {4{runs}}} * {4'd0, zdiv};
    assign need = {3'd0, base} + {1'b0, rem_w} + {2'd0, rem_z};
endmodule
