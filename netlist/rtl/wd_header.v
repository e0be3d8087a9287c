// wd_header: the slice parser in state header. Combinational.
// Page: docs/blocks/weight-decoder.md, "Header (state 0)"; the numbers are those of its steps.
module wd_header (
    input  wire [35:0] bits,      // the next bits of the stream
    input  wire [8:0]  count,
    input  wire        runs,      // zdiv < 5, of the slice before
    input  wire        havepal,
    input  wire        pending,   // one of the queues, or the run, is not empty
    output wire        lacking,     // 1, 3: bits are missing
    output wire        taken,       // 5: the parameters of the slice are taken
    output wire        fault,     // 6
    output wire        accept,    // 7 to 9: the slice begins
    output wire        newpal,
    output wire        runs_next,
    output wire [15:0] weights,   // its length
    output wire        consume,   // 2, 8, 9
    output wire [8:0]  drop       // how many bits
);
    wire [2:0] zdiv   = bits[2:0];
    wire [2:0] wdiv   = bits[20:18];
    wire       have3  = count >= 9'd3;
    wire       have23 = count >= 9'd23;
    wire       have36 = count >= 9'd36;
    wire       eos    = have3 & (zdiv == 3'd7);

    wire unused_bits = ^{bits[35:23], bits[21]};   // fields that weight_decoder takes itself

    assign newpal    = have23 & bits[22];
    assign runs_next = zdiv < 3'd5;
    assign weights   = {1'b0, bits[17:3]} + 16'd1;

    assign lacking  = ~have3 | (~eos & (~have23 | (newpal & ~have36)));
    assign taken    = ~lacking & ~eos & ~(newpal & pending);
    assign fault  = taken & ((zdiv == 3'd5) | (wdiv == 3'd6) | (~newpal & (~havepal | (runs != runs_next))));
    assign accept = taken & ~fault;

    wire [2:0] odd = count[2:0] - 3'd3;   // (count - 3) mod 8
    assign consume = eos | accept;
    assign drop    = eos ? {6'd0, odd} + 9'd3 : newpal ? 9'd36 : 9'd23;
endmodule
