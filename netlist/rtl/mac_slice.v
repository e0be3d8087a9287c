// One dot product of the MAC array: eight multipliers, the sum of their
// products over the byte passes, and the accumulator. Purely combinational:
// the registers stand in mac_array, this module gives their next values and
// mac_array enables them. Described in docs/blocks/mac-array.md, sections 4.3 to 4.5.
module mac_slice (
    // Multiply (stage 1): eight operands and weights of 9 bits, signed.
    input  wire [71:0]  ifm,
    input  wire [71:0]  weight,
    output wire [143:0] prod_next,
    // Sum (stage 2): eight products of 18 bits, signed.
    input  wire [143:0] prod,
    input  wire [1:0]   shift,
    input  wire         newsum,
    input  wire [35:0]  sum,
    output wire [35:0]  sum_next,
    // Accumulate (stage 3).
    input  wire         first,
    input  wire         fresh,
    input  wire         commit,
    input  wire         max,
    input  wire         counts,
    input  wire [39:0]  accin,
    input  wire [39:0]  acc,
    output wire [39:0]  acc_next
);

    // Products: signed 9 x 9, exact in 18 bits.
    genvar i;
    generate
        for (i = 0; i < 8; i = i + 1) begin : lane
            wire signed [8:0]  a = ifm[9*i +: 9];
            wire signed [8:0]  b = weight[9*i +: 9];
            wire signed [17:0] p = a * b;
            assign prod_next[18*i +: 18] = p;
        end
    endgenerate

    // A balanced tree over the eight products: 18, 19, 20, 21 bits.
    wire signed [18:0] p01 = $signed(prod[17:0])    + $signed(prod[35:18]);
    wire signed [18:0] p23 = $signed(prod[53:36])   + $signed(prod[71:54]);
    wire signed [18:0] p45 = $signed(prod[89:72])   + $signed(prod[107:90]);
    wire signed [18:0] p67 = $signed(prod[125:108]) + $signed(prod[143:126]);
    wire signed [19:0] p03 = p01 + p23;
    wire signed [19:0] p47 = p45 + p67;
    wire signed [20:0] t   = p03 + p47;

    // The byte pass moves the sum up by whole bytes; 36 bits remain.
    wire [35:0] t36 = {{15{t[20]}}, t};
    reg  [35:0] moved;
    always @* begin
        case (shift)
            2'd0:    moved = t36;
            2'd1:    moved = {t36[27:0], 8'd0};
            2'd2:    moved = {t36[19:0], 16'd0};
            default: moved = {t36[11:0], 24'd0};
        endcase
    end
    assign sum_next = moved + (newsum ? 36'd0 : sum);

    // Accumulator: -2^31 is where a maximum begins.
    wire signed [39:0] start = !first ? acc
                             : !fresh ? accin
                             : max    ? 40'hFF80000000
                             :          40'd0;
    wire signed [39:0] s = {{4{sum[35]}}, sum};
    assign acc_next = !commit ? start
                    : max     ? ((counts && s > start) ? s : start)
                    :           start + s;

endmodule
