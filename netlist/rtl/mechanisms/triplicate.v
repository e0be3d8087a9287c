// Three copies of flops with a voter behind each. All copies load the same value, which
// reaches each over wires of its own: a synthesiser would make one flop of three that
// have the same input.
module triplicate #(parameter WIDTH = 32) (
    input clk,
    input [WIDTH-1:0] d0, input [WIDTH-1:0] d1, input [WIDTH-1:0] d2,
    output [WIDTH-1:0] q);
  reg [WIDTH-1:0] copy0, copy1, copy2;
  always @(posedge clk) begin
    copy0 <= d0;
    copy1 <= d1;
    copy2 <= d2;
  end
  assign q = (copy0 & copy1) | (copy0 & copy2) | (copy1 & copy2);
endmodule
