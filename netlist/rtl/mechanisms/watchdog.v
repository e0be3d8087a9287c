// Counts the clocks of a job down from a limit that the driver writes, and raises the
// alarm at the last one.
module watchdog #(parameter WIDTH = 32) (
    input clk, input rst,
    input write, input [WIDTH-1:0] limit,
    input armed,
    input others,
    output raised, output irq);
  reg [WIDTH-1:0] count;
  wire ended;
  assign ended = count[WIDTH-1:1] == {WIDTH - 1{1'b0}};
  always @(posedge clk)
    if (rst) count <= {WIDTH{1'b0}};
    else if (write) count <= limit;
    else if (armed && count != {WIDTH{1'b0}}) count <= count - {{WIDTH - 1{1'b0}}, 1'b1};
  alarm alarm (.clk(clk), .rst(rst), .seen(armed & ended & ~write), .others(others), .raised(raised), .irq(irq));
endmodule
