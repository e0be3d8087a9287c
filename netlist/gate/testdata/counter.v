// An eight-bit counter with load and enable; q is its value, full marks 255.
module counter(input clk, input rst, input enable, input load, input [7:0] data,
               output [7:0] q, output full);
  reg [7:0] count;
  assign q = count;
  assign full = &count;
  always @(posedge clk)
    if (rst) count <= 8'd0;
    else if (load) count <= data;
    else if (enable) count <= count + 8'd1;
endmodule
