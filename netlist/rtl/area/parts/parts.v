// Building blocks whose areas are measured one by one, each with its width as a
// parameter. They are combinational but for the flops, so that the area of a block is
// that of the thing it is named after and of nothing else.

module part_flop #(parameter W = 32) (input clk, input [W-1:0] d, output reg [W-1:0] q);
  always @(posedge clk) q <= d;
endmodule

module part_flop_reset #(parameter W = 32) (input clk, input rst, input [W-1:0] d, output reg [W-1:0] q);
  always @(posedge clk)
    if (rst) q <= {W{1'b0}};
    else q <= d;
endmodule

module part_flop_enable #(parameter W = 32) (input clk, input en, input [W-1:0] d, output reg [W-1:0] q);
  always @(posedge clk) if (en) q <= d;
endmodule

// The operator: yosys builds a carry look-ahead of it.
module part_add #(parameter W = 32) (input [W-1:0] a, input [W-1:0] b, output [W-1:0] y);
  assign y = a + b;
endmodule

// A chain of full adders, the smallest form.
module part_add_ripple #(parameter W = 32) (input [W-1:0] a, input [W-1:0] b, output [W-1:0] y);
  /* verilator lint_off UNUSED */
  /* verilator lint_off UNOPTFLAT */
  wire [W:0] c; // the last one leads nowhere
  /* verilator lint_on UNOPTFLAT */
  /* verilator lint_on UNUSED */
  assign c[0] = 1'b0;
  genvar i;
  generate
    for (i = 0; i < W; i = i + 1) begin : bit_of
      wire p;
      assign p = a[i] ^ b[i];
      assign y[i] = p ^ c[i];
      assign c[i+1] = (a[i] & b[i]) | (p & c[i]);
    end
  endgenerate
endmodule

module part_increment #(parameter W = 32) (input [W-1:0] a, output [W-1:0] y);
  assign y = a + {{W - 1{1'b0}}, 1'b1};
endmodule

module part_mux2 #(parameter W = 32) (input s, input [W-1:0] a, input [W-1:0] b, output [W-1:0] y);
  assign y = s ? b : a;
endmodule

// One of WAYS words, WAYS a power of two: a tree, a level for each bit of the selection.
module part_mux #(parameter W = 32, parameter LEVELS = 3) (
    input [LEVELS-1:0] s, input [(W<<LEVELS)-1:0] d, output [W-1:0] y);
  genvar l;
  generate
    for (l = 0; l <= LEVELS; l = l + 1) begin : level
      wire [(W<<(LEVELS-l))-1:0] w;
      if (l == 0) begin : first
        assign w = d;
      end else begin : next
        genvar k;
        for (k = 0; k < (1 << (LEVELS - l)); k = k + 1) begin : word
          assign w[k*W+:W] = s[l-1] ? level[l-1].w[(2*k+1)*W+:W] : level[l-1].w[2*k*W+:W];
        end
      end
    end
  endgenerate
  assign y = level[LEVELS].w;
endmodule

// A shift to the left by up to 2^LEVELS - 1 places.
module part_shift #(parameter W = 32, parameter LEVELS = 5) (
    input [LEVELS-1:0] s, input [W-1:0] a, output [W-1:0] y);
  assign y = a << s;
endmodule

// The same as a rotation, in which no multiplexer has a constant input.
module part_rotate #(parameter W = 32, parameter LEVELS = 5) (
    input [LEVELS-1:0] s, input [W-1:0] a, output [W-1:0] y);
  genvar l;
  generate
    for (l = 0; l <= LEVELS; l = l + 1) begin : level
      wire [W-1:0] w;
      if (l == 0) begin : first
        assign w = a;
      end else begin : next
        assign w = s[l-1] ? {level[l-1].w[W-1-(1<<(l-1)):0], level[l-1].w[W-1-:(1<<(l-1))]} : level[l-1].w;
      end
    end
  endgenerate
  assign y = level[LEVELS].w;
endmodule

module part_xor #(parameter W = 32) (input [W-1:0] a, output y);
  assign y = ^a;
endmodule

module part_or #(parameter W = 32) (input [W-1:0] a, output y);
  assign y = |a;
endmodule

module part_equal #(parameter W = 32) (input [W-1:0] a, input [W-1:0] b, output y);
  assign y = a == b;
endmodule

module part_less #(parameter W = 32) (input [W-1:0] a, input [W-1:0] b, output y);
  assign y = a < b;
endmodule

// Comparison with a constant that is wired in.
module part_is #(parameter W = 32) (input [W-1:0] a, output y);
  assign y = a == {{W - W / 2{1'b0}}, {W / 2{1'b1}}};
endmodule

module part_majority #(parameter W = 32) (input [W-1:0] a, input [W-1:0] b, input [W-1:0] c, output [W-1:0] y);
  assign y = (a & b) | (a & c) | (b & c);
endmodule
