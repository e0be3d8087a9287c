// ao_sigmoid: sigmoid and tanh, between two entries of the table.
// Page: docs/blocks/output-stage-lanes.md, section 8.
//
// The step of tanh has 256 values, that of sigmoid 512. The value between two entries is formed in steps of 512 for both: for tanh
// it is twice the page's R.
module ao_sigmoid (
    input  wire        is_tanh,
    input  wire [31:0] value,    // signed
    output wire [16:0] result    // signed: 0..32767, or -32768..32767
);
    // limited to -2^20..2^20, without its sign
    wire        negative  = value[31];
    wire [31:0] magnitude = negative ? -value : value;
    wire [20:0] limited   = |magnitude[31:20] ? 21'h100000 : magnitude[20:0];

    wire [12:0] step     = is_tanh ? limited[20:8] : {1'b0, limited[20:9]};
    wire [8:0]  fraction = is_tanh ? {limited[7:0], 1'b0} : limited[8:0];
    wire        beyond   = (step >= 13'd255);

    wire [15:0] from, to;
    ao_sigmoid_table table_from (.index(step[7:0]), .entry(from));
    ao_sigmoid_table table_to   (.index(step[7:0] + 8'd1), .entry(to));
    // entries grow by at most 683
    wire [9:0]  growth  = to[9:0] - from[9:0];
    wire [18:0] part    = growth * fraction;
    wire [24:0] between = {from, 9'd0} + {6'd0, part};
    wire [5:0]  unused_to = to[15:10];

    // R, 25 bits
    wire [24:0] sigmoid_r = beyond ? 25'd33553408 : between;                  // 32767 * 1024
    wire [24:0] tanh_r    = beyond ? 25'd16776960 : {1'b0, between[24:1]};    // 65535 * 256

    // both sums of sigmoid are positive
    wire [25:0] sigmoid_sum = negative ? 26'd33554432 - {1'b0, sigmoid_r} + 26'd511 : {1'b0, sigmoid_r} + 26'd512;
    wire [25:0] tanh_sum    = negative ? 26'd8388608 - {1'b0, tanh_r} + 26'd127 : {1'b0, tanh_r} - 26'd8388608 + 26'd128;
    wire [17:0] unused_low  = {sigmoid_sum[9:0], tanh_sum[7:0]};
    wire [1:0]  unused_sign = {tanh_sum[25], 1'b0};

    assign result = is_tanh ? tanh_sum[24:8] : {1'b0, sigmoid_sum[25:10]};
endmodule
