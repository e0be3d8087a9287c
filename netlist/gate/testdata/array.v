// A pointer of its own module and an array of six registers that is written at the
// pointer and read at any address; addresses behind the last element read 0.
module array(input clk, input rst, input write, input [5:0] data, input [2:0] address,
             output [5:0] q, output [2:0] place);
  reg [5:0] pendw [0:5];
  wire [2:0] at;
  assign place = at;
  assign q = (address < 3'd6) ? pendw[address] : 6'd0;
  pointer trav(.clk(clk), .rst(rst), .step(write), .at(at));
  always @(posedge clk)
    if (write && at < 3'd6) pendw[at] <= data;
endmodule
