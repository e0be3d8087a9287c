// wd_queue_window: the first eight entries of a ring of 32, oldest first.
// Page: docs/blocks/weight-decoder.md, "Emit": what the eight weights of a clock can take from a queue.
module wd_queue_window #(
    parameter WIDTH = 9
) (
    input  wire [32*WIDTH-1:0] ring,
    input  wire [4:0]          head,
    output wire [8*WIDTH-1:0]  window
);
    // a rotation of which only eight words are needed: each level keeps what the later ones can reach
    wire [32*WIDTH-1:0] turned = head[4] ? {ring[16*WIDTH-1:0], ring[32*WIDTH-1:16*WIDTH]} : ring;
    wire [23*WIDTH-1:0] a = turned[23*WIDTH-1:0];
    wire [9*WIDTH-1:0]  unused_turned = turned[32*WIDTH-1:23*WIDTH];
    wire [15*WIDTH-1:0] b = head[3] ? a[23*WIDTH-1:8*WIDTH] : a[15*WIDTH-1:0];
    wire [11*WIDTH-1:0] c = head[2] ? b[15*WIDTH-1:4*WIDTH] : b[11*WIDTH-1:0];
    wire [9*WIDTH-1:0]  d = head[1] ? c[11*WIDTH-1:2*WIDTH] : c[9*WIDTH-1:0];
    assign window = head[0] ? d[9*WIDTH-1:WIDTH] : d[8*WIDTH-1:0];
endmodule
