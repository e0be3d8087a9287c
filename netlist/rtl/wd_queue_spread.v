// wd_queue_spread: up to twelve words on their way into a ring of 32, the first one to entry tail.
// Page: docs/blocks/weight-decoder.md, step 7 of a chunk.
module wd_queue_spread #(
    parameter WIDTH = 9
) (
    input  wire [12*WIDTH-1:0] words,
    input  wire [11:0]         valid,
    input  wire [4:0]          tail,
    output wire [32*WIDTH-1:0] ring,
    output wire [31:0]         write
);
    // a rotation of twelve words, small shifts first: each level is as long as it can get
    wire [13*WIDTH-1:0] a = tail[0] ? {words, {WIDTH{1'b0}}}   : {{WIDTH{1'b0}}, words};
    wire [15*WIDTH-1:0] b = tail[1] ? {a, {2*WIDTH{1'b0}}}     : {{2*WIDTH{1'b0}}, a};
    wire [19*WIDTH-1:0] c = tail[2] ? {b, {4*WIDTH{1'b0}}}     : {{4*WIDTH{1'b0}}, b};
    wire [27*WIDTH-1:0] d = tail[3] ? {c, {8*WIDTH{1'b0}}}     : {{8*WIDTH{1'b0}}, c};
    wire [32*WIDTH-1:0] e = {{5*WIDTH{1'b0}}, d};
    assign ring = tail[4] ? {e[16*WIDTH-1:0], e[32*WIDTH-1:16*WIDTH]} : e;

    wire [31:0] v = {20'd0, valid} << tail[3:0];
    assign write = tail[4] ? {v[15:0], v[31:16]} : v;
endmodule
