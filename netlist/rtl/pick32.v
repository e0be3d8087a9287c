// pick32: one of 32 words. Used by the weight decoder (docs/blocks/weight-decoder.md: palette).
module pick32 #(
    parameter WIDTH = 9
) (
    input  wire [32*WIDTH-1:0] words,
    input  wire [4:0]          index,
    output wire [WIDTH-1:0]    word
);
    wire [16*WIDTH-1:0] a = index[4] ? words[32*WIDTH-1:16*WIDTH] : words[16*WIDTH-1:0];
    wire [8*WIDTH-1:0]  b = index[3] ? a[16*WIDTH-1:8*WIDTH] : a[8*WIDTH-1:0];
    wire [4*WIDTH-1:0]  c = index[2] ? b[8*WIDTH-1:4*WIDTH] : b[4*WIDTH-1:0];
    wire [2*WIDTH-1:0]  d = index[1] ? c[4*WIDTH-1:2*WIDTH] : c[2*WIDTH-1:0];
    assign word = index[0] ? d[2*WIDTH-1:WIDTH] : d[WIDTH-1:0];
endmodule
